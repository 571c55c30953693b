import assert from "node:assert/strict";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import type { TensorType } from "../../src/runtime/tensor_type.ts";
import { onnxModel } from "../support/onnx_builder.ts";
import { scaleModel } from "../support/models.ts";

const WANTED = '"x" float32 [batch, 3], "scale" float32 []';

/** Calls `check` with a session of y = x · scale and a maker of tensors. */
async function withScale(
  check: (
    session: InferenceSession,
    make: (type: TensorType, ...dims: number[]) => Tensor,
  ) => Promise<void>,
): Promise<void> {
  using environment = Environment.open();
  await using session = await InferenceSession.create(environment, scaleModel());
  using tensors = new DisposableStack();
  await check(session, (type, ...dims) => tensors.use(new Tensor(environment, type, dims)));
}

Deno.test("InferenceSession.run() and bind() refuse wrong inputs, naming what they met and want", () =>
  withScale(async (session, make) => {
    const x = make("float32", 2, 3);
    const scale = make("float32");
    const y = make("float32", 2, 3);
    const cases: [feeds: Record<string, Tensor>, error: Error][] = [
      [
        { x, scale, zz: x },
        new TypeError(`the model has no input "zz"; it has ${WANTED}`),
      ],
      [{ x }, new TypeError(`input "scale" is missing; the model wants ${WANTED}`)],
      [
        { x: make("float16", 2, 3), scale },
        new TypeError('input "x" is float16, wanted float32'),
      ],
      [
        { x: make("float32", 6), scale },
        new RangeError('input "x" has shape [6], wanted [batch, 3]'),
      ],
      [
        { x: make("float32", 2, 4), scale },
        new RangeError('input "x" has shape [2, 4], wanted [batch, 3]'),
      ],
      // ONNX Runtime itself does not check the rank of a scalar and would fail inside the Mul, or
      // broadcast.
      [
        { x, scale: make("float32", 3) },
        new RangeError('input "scale" has shape [3], wanted []'),
      ],
    ];
    for (const [feeds, error] of cases) {
      await assert.rejects(session.run(feeds), error);
      assert.throws(() => session.bind(feeds, { y }), error);
    }
  }));

Deno.test("InferenceSession.run() and bind() refuse wrong outputs", () =>
  withScale(async (session, make) => {
    const feeds = { x: make("float32", 2, 3), scale: make("float32") };
    const unknown = new TypeError('the model has no output "qq"; it has "y" float32 [batch, 3]');
    const none = new TypeError('no output is requested, wanted "y" float32 [batch, 3]');
    await assert.rejects(session.run(feeds, { outputs: ["qq"] }), unknown);
    await assert.rejects(session.run(feeds, { outputs: [] }), none);
    assert.throws(() => session.bind(feeds, { qq: feeds.x }), unknown);
    assert.throws(() => session.bind(feeds, {}), none);
    assert.throws(
      () => session.bind(feeds, { y: make("int32", 2, 3) }),
      new TypeError('output "y" is int32, wanted float32'),
    );
    assert.throws(
      () => session.bind(feeds, { y: make("float32", 2, 2) }),
      new RangeError('output "y" has shape [2, 2], wanted [batch, 3]'),
    );
  }));

Deno.test("IoBinding.run() reports an output of the wrong symbolic size and stays usable", () =>
  withScale(async (session, make) => {
    const feeds = { x: make("float32", 2, 3), scale: make("float32") };
    using wrong = session.bind(feeds, { y: make("float32", 5, 3) });
    // ONNX Runtime before 1.30 calls it a RUNTIME_EXCEPTION.
    const refused = /RunWithBinding failed with (INVALID_ARGUMENT|RUNTIME_EXCEPTION): .*\{5,3\}/;
    await assert.rejects(wrong.run(), { name: "OrtError", message: refused });
    assert.throws(() => wrong.runSync(), refused);
    using right = session.bind(feeds, { y: make("float32", 2, 3) });
    await right.run();
  }));

Deno.test("a closed tensor or one whose buffer was transferred is refused", () =>
  withScale(async (session, make) => {
    const scale = make("float32");
    const y = make("float32", 2, 3);
    const closed = make("float32", 2, 3);
    const lost = make("float32", 2, 3);
    using early = session.bind({ x: lost, scale }, { y });
    closed.close();
    structuredClone(lost.data.buffer, { transfer: [lost.data.buffer as ArrayBuffer] });
    const isClosed = new TypeError('input "x" is a closed tensor');
    const isLost = new TypeError('input "x" lost its buffer, which was transferred or detached');
    await assert.rejects(session.run({ x: closed, scale }), isClosed);
    await assert.rejects(session.run({ x: lost, scale }), isLost);
    assert.throws(() => session.bind({ x: lost, scale }, { y }), isLost);
    assert.throws(() => early.runSync(), isLost);
    await assert.rejects(early.run(), isLost);
  }));

Deno.test("IoBinding.run() refuses a second run at once, which would share its memory", () =>
  withScale(async (session, make) => {
    const feeds = { x: make("float32", 2, 3), scale: make("float32") };
    using binding = session.bind(feeds, { y: make("float32", 2, 3) });
    const busy = new TypeError("IoBinding is running already; wait for that run");
    const first = binding.run();
    await assert.rejects(binding.run(), busy);
    assert.throws(() => binding.runSync(), busy);
    await first;
    await binding.run();
  }));

Deno.test("names may be any text, __proto__ included", async () => {
  using environment = Environment.open();
  const shape = ["", "naïve", 2];
  const model = onnxModel({
    inputs: [{ name: "__proto__", type: "int32", shape }],
    outputs: [{ name: "out/0:ü", type: "int32", shape }],
    nodes: [{ op: "Identity", inputs: ["__proto__"], outputs: ["out/0:ü"] }],
  });
  await using session = await InferenceSession.create(environment, model);
  assert.deepEqual(session.inputs[0], {
    name: "__proto__",
    type: "int32",
    shape: ["?", "naïve", 2],
  });
  using x = new Tensor(environment, "int32", [1, 1, 2], Int32Array.of(7, -8));
  const feeds = Object.fromEntries([["__proto__", x]]);
  const outputs = await session.run(feeds);
  assert.deepEqual(outputs["out/0:ü"].data, Int32Array.of(7, -8));
  outputs["out/0:ü"].close();
});
