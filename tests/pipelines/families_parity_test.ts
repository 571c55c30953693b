import assert from "node:assert/strict";
import { readOnnx } from "../../src/formats/onnx/onnx.ts";
import { editGraph } from "../../src/formats/onnx/onnx_edit.ts";
import { readSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { StableDiffusionPipeline } from "../../src/pipelines/stable_diffusion_pipeline.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { sequentialSample } from "../../src/sampling/sequential_sampler.ts";
import { solve } from "../../src/sampling/solve.ts";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import { copyFolder, withTempFolder } from "../support/temp_folder.ts";
import { valueInfo } from "../support/value_info.ts";

/**
 * Made by diffusers from the same weights, the networks by optimum:
 * tests/fixtures/make_pipelines.py.
 */
const FOLDER = "tests/fixtures/pipelines";
const STEPS = 6, SEED = 5, GUIDANCE = 4;
const FIXTURE = `${FOLDER}/expected.safetensors`;
const { tensors } = readSafetensors(Deno.readFileSync(FIXTURE), { file: FIXTURE });

/** Images by sequential and by parallel sampling, against diffusers' within one level. */
async function compare(env: Environment, name: string, path: string, negative: string) {
  const size = { height: 16, width: 16 };
  await using pipeline = await StableDiffusionPipeline.open(env, path, size);
  const schedule = pipeline.createSchedule({ numInferenceSteps: STEPS });
  const condition = {
    prompt: await pipeline.encodePrompt("a cute cat"),
    negativePrompt: await pipeline.encodeNegativePrompt(negative),
  };
  const options = { schedule, guidanceScale: GUIDANCE };
  const denoiser = pipeline.createDenoiser(condition, options);
  const noise = new TorchGenerator(SEED).randn((STEPS + 1) * denoiser.rowSize);
  const { initialScale = 1 } = schedule;
  for (let i = STEPS * denoiser.rowSize; i < noise.length; i++) noise[i] *= initialScale;
  const sequential = await sequentialSample(denoiser, { schedule, noise });
  const parallel = await solve(denoiser, { schedule, noise, atol: 1e-6, rtol: 0 });
  const wanted = tensors.get(name)!.data as Uint8Array;
  for (const { sample } of [sequential, parallel]) {
    const { data } = await pipeline.decode(sample);
    assert.equal(data.length, wanted.length);
    const apart = data.reduce((most, level, i) => Math.max(most, Math.abs(level - wanted[i])), 0);
    assert.ok(apart <= 1, `${name} is ${apart} levels apart`);
  }
}

for (
  const [name, folder, negative] of [
    ["sdxl", "sdxl", "a dog"],
    ["sdxl_empty", "sdxl", ""],
    ["sd3", "sd3", "a dog"],
    ["flux", "flux", ""],
  ]
) {
  Deno.test(`StableDiffusionPipeline samples optimum's export as diffusers does: ${name}`, async () => {
    using env = Environment.open();
    await compare(env, name, `${FOLDER}/${folder}`, negative);
  });
}

for (const batch of [1, 2]) {
  for (const [name, negative] of [["sd3", "a dog"], ["flux", ""]]) {
    for (const timestep of new Set([[1], [batch]].map((shape) => shape.join()))) {
      const does = Number(timestep) === batch ? "samples" : "refuses";
      Deno.test(`StableDiffusionPipeline ${does} ${name}, frozen batch ${batch}, timestep [${timestep}]`, () =>
        withTempFolder(async (folder) => {
          await copyFolder(`${FOLDER}/${name}`, folder);
          const file = `${folder}/transformer/model.onnx`;
          const frozen = withFixedBatch(await Deno.readFile(file), batch, Number(timestep));
          await Deno.writeFile(file, frozen);
          using env = Environment.open();
          if (Number(timestep) === batch) return await compare(env, name, folder, negative);
          await assert.rejects(
            StableDiffusionPipeline.open(env, folder),
            /timestep input is static \[1\], wanted \[batch\]/,
          );
        }));
    }
  }
}

/** Declares another first size for the inputs that have a batch, as a static export does. */
function withFixedBatch(bytes: Uint8Array, batch: number, timestep: number): Uint8Array {
  const model = readOnnx(bytes, { file: "a transformer" });
  const edits: Parameters<typeof editGraph>[2] = new Map();
  for (const value of model.graph.inputs) {
    if (/_ids$/.test(value.name)) continue;
    const dims = value.dims!.map((dim, i) =>
      i > 0 ? dim : value.name === "timestep" ? timestep : batch
    );
    edits.set(value.field, valueInfo(value.name, value.elemType!, dims));
  }
  return editGraph(bytes, model, edits);
}

Deno.test("StableDiffusionPipeline samples FLUX without a guidance input by a negative prompt", () =>
  withTempFolder(async (folder) => {
    await copyFolder(`${FOLDER}/flux`, folder);
    await copyFolder(`${FOLDER}/flux_schnell`, folder);
    using env = Environment.open();
    await compare(env, "flux_schnell", folder, "a dog");
  }));
