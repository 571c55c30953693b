import assert from "node:assert/strict";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { addModel, castModel, loopModel, scaleModel } from "../support/models.ts";

Deno.test("InferenceSession.run() computes an Add", async () => {
  using environment = Environment.open();
  await using session = await InferenceSession.create(environment, addModel());
  using x = new Tensor(environment, "float32", [4], Float32Array.of(1, 2, 3, 4));
  const { y } = await session.run({ x });
  assert.deepEqual(y.data, Float32Array.of(2, 4, 6, 8));
  assert.deepEqual(y.dims, [4]);
  y.close();
});

Deno.test("InferenceSession has names, types, symbolic shapes and metadata", async () => {
  using environment = Environment.open();
  await using session = await InferenceSession.create(environment, scaleModel());
  assert.deepEqual(session.inputs, [
    { name: "x", type: "float32", shape: ["batch", 3] },
    { name: "scale", type: "float32", shape: [] },
  ]);
  assert.deepEqual(session.outputs, [{ name: "y", type: "float32", shape: ["batch", 3] }]);
  assert.deepEqual(session.metadata, {
    producerName: "unit test",
    graphName: "scale",
    custom: { author: "nobody", "naïve": "ünïcode" },
  });
});

Deno.test("InferenceSession.run() passes float16 both ways", async () => {
  using environment = Environment.open();
  await using session = await InferenceSession.create(environment, castModel());
  // 1/3 rounds to 0.333251953125 in float16; 70000 lies above its largest finite value, 65504.
  using x = new Tensor(environment, "float32", [3], Float32Array.of(1 / 3, 1, 70000));
  const { half, back } = await session.run({ x });
  assert.ok(half.data instanceof Float16Array);
  assert.deepEqual([...half.data], [0.333251953125, 1, Infinity]);
  assert.deepEqual(back.data, Float32Array.of(0.333251953125, 1, Infinity));
});

Deno.test("InferenceSession.run() rejects with the signal's reason when aborted", async () => {
  using environment = Environment.open();
  await using session = await InferenceSession.create(environment, loopModel());
  using x = new Tensor(environment, "float32", [4]);
  using steps = new Tensor(environment, "int64", [], BigInt64Array.of(10n ** 12n));
  const reason = new Error("changed my mind");
  const controller = new AbortController();
  const run = session.run({ x, steps }, { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 20);
  await assert.rejects(run, reason);
});

Deno.test("IoBinding.run() and runSync() compute in place", async () => {
  using environment = Environment.open();
  await using session = await InferenceSession.create(environment, scaleModel());
  const memory = new Float32Array(new SharedArrayBuffer(24));
  using x = new Tensor(environment, "float32", [2, 3], memory);
  using scale = new Tensor(environment, "float32", []);
  using y = new Tensor(environment, "float32", [2, 3]);
  using binding = session.bind({ x, scale }, { y });
  for (const factor of [2, -3]) {
    memory.set([0, 1, 2, 3, 4, 5]);
    scale.data[0] = factor;
    await binding.run();
    assert.deepEqual([...y.data], [0, 1, 2, 3, 4, 5].map((value) => value * factor));
  }
  scale.data[0] = 10;
  binding.runSync();
  assert.deepEqual([...y.data], [0, 10, 20, 30, 40, 50]);
});
