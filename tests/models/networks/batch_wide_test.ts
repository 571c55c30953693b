import assert from "node:assert/strict";
import { readNodes } from "../../../src/formats/onnx/onnx_nodes.ts";
import { findBatchWide } from "../../../src/models/networks/batch_wide.ts";
import { DitPipeline } from "../../../src/pipelines/dit_pipeline.ts";
import type { PoolOptions } from "../../../src/pipelines/latent_pipeline.ts";
import { Environment } from "../../../src/runtime/environment.ts";
import { TorchGenerator } from "../../../src/sampling/noise.ts";
import { type NodeSpec, onnxModel } from "../../support/onnx_builder.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { tinyDitModel, type TinyDitOptions, writeTinyDit } from "../../support/tiny_dit.ts";

async function found(bytes: Uint8Array, ...inputs: string[]): Promise<readonly string[]> {
  const source = {
    size: bytes.length,
    read: (offset: number, length: number) =>
      Promise.resolve(bytes.subarray(offset, offset + length)),
  };
  return findBatchWide(await readNodes(source, "test.onnx"), inputs);
}

function model(nodes: readonly NodeSpec[], weights = 4): Uint8Array {
  const f32 = (name: string) => ({ name, type: "float32" as const, shape: ["n"] });
  return onnxModel({
    inputs: [f32("x")],
    outputs: [f32("y")],
    // Initializers follow the nodes; this one is larger than what is read at once.
    initializers: [{
      name: "w",
      type: "float32",
      dims: [weights],
      values: new Float32Array(weights),
    }],
    nodes,
  });
}

const quantise = (input: string): NodeSpec => ({
  op: "DynamicQuantizeLinear",
  inputs: [input],
  outputs: [`${input}_q`, `${input}_s`, `${input}_z`],
});

Deno.test("findBatchWide() names dynamic quantisation that the rows reach, and not that of weights", async () => {
  const rows: NodeSpec[] = [
    { op: "Add", inputs: ["x", "w"], outputs: ["sum"] },
    quantise("sum"),
    { op: "Identity", inputs: ["sum"], outputs: ["y"] },
  ];
  assert.deepEqual(await found(model(rows), "x"), ["DynamicQuantizeLinear"]);
  assert.deepEqual(await found(model(rows, 100_000), "x"), ["DynamicQuantizeLinear"]);
  const weights = [quantise("w"), { op: "Add", inputs: ["x", "w"], outputs: ["y"] }];
  assert.deepEqual(await found(model(weights), "x"), []);
  const lstm = { op: "DynamicQuantizeMatMul", inputs: ["x"], outputs: ["y"] };
  assert.deepEqual(await found(model([{ ...lstm, domain: "com.microsoft" }]), "x"), [
    "DynamicQuantizeMatMul",
  ]);
  const inner = { inputs: [], outputs: [], nodes: [quantise("x")] };
  const branch = {
    op: "If",
    inputs: ["w"],
    outputs: ["y"],
    attributes: { then_branch: { graph: inner }, else_branch: { graph: inner } },
  };
  assert.deepEqual(await found(model([branch]), "x"), ["DynamicQuantizeLinear"]);
  assert.deepEqual(await found(tinyDitModel(), "sample", "timestep", "class_labels"), []);
});

Deno.test("readNodes() refuses bytes that are no ONNX model, at every length", async () => {
  const bytes = tinyDitModel({ quantised: true });
  for (let length = 1; length < bytes.length; length += 7) {
    await found(bytes.subarray(0, length), "sample").catch((error) =>
      assert.equal(error.name, "FormatError", String(error))
    );
  }
  await assert.rejects(found(Uint8Array.of(0x3a, 0xff, 0xff), "x"), { name: "FormatError" });
  await assert.rejects(found(new Uint8Array(20).fill(0xff), "x"), { name: "FormatError" });
});

/** Noise of eight steps in one evaluation. */
function evaluate(
  model: TinyDitOptions,
  options: { pool?: PoolOptions; batchSize?: number },
): Promise<{ noise: number[]; notes: string; calls: number }> {
  return withTempFolder(async (folder) => {
    using env = Environment.open();
    const path = await writeTinyDit(folder, model);
    await using pipeline = await DitPipeline.open(env, path, { pool: options.pool });
    const schedule = pipeline.createSchedule({ numInferenceSteps: 8, eta: 0 });
    const { batchSize } = options;
    const denoiser = pipeline.createDenoiser(1, { schedule, guidanceScale: 4, batchSize });
    const latents = new TorchGenerator(3).randn(8 * denoiser.rowSize);
    const out = new Float64Array(latents.length);
    await denoiser.predictNoise(latents, Int32Array.from({ length: 8 }, (_, i) => i), out);
    const calls = pipeline.devices.reduce((sum, device) => sum + device.calls, 0);
    return { noise: [...out], notes: pipeline.notes.join("\n"), calls };
  });
}

Deno.test("a dynamically quantised network has one row per call, so that all batch sizes agree", async () => {
  const alone = await evaluate({ quantised: true, batch: 1 }, {});
  const cpu = (lane: number) => ({ provider: "cpu", id: lane }) as const;
  const ways: [TinyDitOptions, Parameters<typeof evaluate>[1]][] = [
    [{}, {}],
    [{}, { batchSize: 1 }],
    [{}, { batchSize: 5 }],
    [{}, { pool: { buckets: [16, 8, 4] } }],
    [{}, { pool: { devices: [cpu(0), cpu(1)] } }],
    [{ batch: 2 }, {}],
    [{ batch: 3 }, { batchSize: 2 }],
  ];
  for (const [model, options] of ways) {
    const { noise, notes, calls } = await evaluate({ ...model, quantised: true }, options);
    const way = JSON.stringify([model, options]);
    assert.deepEqual(noise, alone.noise, way);
    assert.equal(calls, 16, way);
    assert.match(notes, /DynamicQuantizeLinear uses one scale .* every row is evaluated alone/);
  }
  // What it protects from: rows together, without the note.
  const together = await evaluate({}, {});
  assert.equal(together.notes, "");
  assert.equal(together.calls, 1);
});
