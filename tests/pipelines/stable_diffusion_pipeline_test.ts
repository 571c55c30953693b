import assert from "node:assert/strict";
import { join } from "node:path";
import { ModelError, UsageError } from "../../src/errors.ts";
import {
  type StableDiffusionOptions,
  StableDiffusionPipeline,
} from "../../src/pipelines/stable_diffusion_pipeline.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import { parallelSample } from "../../src/sampling/parallel_sampler.ts";
import { sequentialSample } from "../../src/sampling/sequential_sampler.ts";
import { copyFolder, withTempFolder } from "../support/temp_folder.ts";

/**
 * One very small Stable Diffusion in the layout of every exporter, made by
 * tests/fixtures/make_layouts.py.
 */
const LAYOUTS = "tests/fixtures/layouts";

const PLAIN = join(LAYOUTS, "plain");

/**
 * Pixels that make 8x8 latents: optimum writes the VAE's config, which says a factor of 2; without
 * one it is the usual 8.
 */
const SIZE = { height: 64, width: 64 };
const WITH_CONFIG = ["optimum_scalar", "optimum_steps", "olive_core_scalar"];

const sizeOf = (layout: string) => WITH_CONFIG.includes(layout) ? { height: 16, width: 16 } : SIZE;

/**
 * Layouts whose weights or latents are float16; the others compute what the plain one does to
 * float32's last bits.
 */
const HALF = ["amblyopius_fp16", "ort_demo"];

async function withPipeline<T>(
  folder: string,
  test: (pipeline: StableDiffusionPipeline) => Promise<T>,
  options: StableDiffusionOptions = SIZE,
): Promise<T> {
  using env = Environment.open();
  await using pipeline = await StableDiffusionPipeline.open(env, folder, options);
  return await test(pipeline);
}

const STEPS = 5;

async function denoiserFor(
  pipeline: StableDiffusionPipeline,
  prompt = "a cute cat",
  batchSize?: number,
) {
  const schedule = pipeline.createSchedule({ numInferenceSteps: STEPS, eta: 0 });
  const condition = {
    prompt: await pipeline.encodePrompt(prompt),
    negativePrompt: await pipeline.encodePrompt(""),
  };
  const denoiser = pipeline.createDenoiser(condition, { schedule, guidanceScale: 4, batchSize });
  return { schedule, denoiser };
}

/** Latent and image of a prompt, by parallel sampling to the sequential chain's own precision. */
async function sample(pipeline: StableDiffusionPipeline, prompt?: string, batchSize?: number) {
  const { schedule, denoiser } = await denoiserFor(pipeline, prompt, batchSize);
  const noise = new TorchGenerator(1).randn((STEPS + 1) * denoiser.rowSize);
  const rounds = parallelSample(denoiser, { schedule, noise, atol: 0, rtol: 0 });
  let next = await rounds.next();
  while (!next.done) next = await rounds.next();
  return { latent: next.value.sample, image: await pipeline.decode(next.value.sample) };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  return Array.from(a, (x, i) => Math.abs(x - b[i])).reduce((m, x) => Math.max(m, x), 0);
}

Deno.test("StableDiffusionPipeline makes the same image from every exporter's layout", async () => {
  const plain = await withPipeline(PLAIN, (pipeline) => sample(pipeline));
  assert.deepEqual([plain.image.width, plain.image.height], [16, 16]);
  for await (const { name } of Deno.readDir(LAYOUTS)) {
    const found = await withPipeline(
      join(LAYOUTS, name),
      (pipeline) => sample(pipeline),
      sizeOf(name),
    );
    const half = HALF.includes(name);
    const latents = largestDifference(found.latent, plain.latent);
    assert.ok(latents <= (half ? 0.05 : 1e-4), `${name}: latents differ by ${latents}`);
    const levels = largestDifference(found.image.data, plain.image.data);
    assert.ok(levels <= (half ? 3 : 1), `${name}: images differ by ${levels} levels`);
  }
});

Deno.test("StableDiffusionPipeline gives the same bytes for every batch size", () =>
  withPipeline(PLAIN, async (pipeline) => {
    const wanted = await sample(pipeline);
    for (const batchSize of [1, 2, 3, 7]) {
      assert.deepEqual(
        await sample(pipeline, "a cute cat", batchSize),
        wanted,
        `batch size ${batchSize}`,
      );
    }
  }));

Deno.test("StableDiffusionPipeline listens to the prompt and agrees with sequential sampling", () =>
  withPipeline(PLAIN, async (pipeline) => {
    const cat = await sample(pipeline);
    const dog = await sample(pipeline, "a cute dog");
    assert.ok(largestDifference(cat.latent, dog.latent) > 1e-3);
    const { schedule, denoiser } = await denoiserFor(pipeline);
    const noise = new TorchGenerator(1).randn((STEPS + 1) * denoiser.rowSize);
    const sequential = await sequentialSample(denoiser, { schedule, noise });
    assert.ok(largestDifference(sequential.sample, cat.latent) < 1e-9);
  }));

Deno.test("StableDiffusionPipeline notes a patched timestep and a frozen batch", async () => {
  const notes = (name: string) =>
    withPipeline(join(LAYOUTS, name), (p) => Promise.resolve(p.notes.join()), sizeOf(name));
  assert.match(await notes("optimum_scalar"), /patched in memory to take one timestep per row/);
  assert.match(await notes("ort_demo"), /patched in memory to take one timestep per row/);
  assert.match(
    await notes("webnn_frozen"),
    /the batch is frozen at 2, rows are split and padded to it/,
  );
  assert.equal(await notes("plain"), "");
});

Deno.test("StableDiffusionPipeline names all missing parts at once", () =>
  withTempFolder(async (folder) => {
    const model = join(folder, "sd");
    await copyFolder(PLAIN, model);
    await Deno.remove(join(model, "unet/model.onnx"));
    await Deno.remove(join(model, "tokenizer/merges.txt"));
    await assert.rejects(withPipeline(model, () => Promise.resolve()), (error: Error) => {
      assert.ok(error instanceof ModelError);
      assert.match(error.message, /sd lacks unet\/model\.onnx, tokenizer\/merges\.txt/);
      return true;
    });
  }));

Deno.test("StableDiffusionPipeline refuses sizes that the model cannot make", async () => {
  const open = (options: StableDiffusionOptions) =>
    withPipeline(PLAIN, () => Promise.resolve(), options);
  for (const options of [{ ...SIZE, height: 17 }, { ...SIZE, width: 72 }]) {
    await assert.rejects(open(options), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(
        error.message,
        /^(height|width) is \d+, this model (takes multiples of|makes images of)/,
      );
      return true;
    });
  }
});

Deno.test("StableDiffusionPipeline.open() reads sample_size, a number or [height, width], or -H and -W", () =>
  withTempFolder(async (folder) => {
    await copyFolder(join(LAYOUTS, "optimum_scalar"), folder);
    const file = join(folder, "unet/config.json");
    const size = async (sample_size: unknown, options: StableDiffusionOptions = {}) => {
      await Deno.writeTextFile(file, JSON.stringify({ sample_size }));
      return await withPipeline(folder, ({ imageSize }) => Promise.resolve(imageSize), options);
    };
    // One latent element is two pixels wide in this folder.
    assert.deepEqual(await size([8, 16]), { height: 16, width: 32 });
    assert.deepEqual(await size([8, 16], { width: 64 }), { height: 16, width: 64 });
    const given = { height: 16, width: 32 };
    assert.deepEqual(await size(null, given), given);
    await assert.rejects(size(null, { height: 16 }), { message: /sample_size .* is null, wanted/ });
  }));

Deno.test("StableDiffusionPipeline evaluates no conditional rows at guidance 0, with the unconditional noise", () =>
  withPipeline(PLAIN, async (pipeline) => {
    const schedule = pipeline.createSchedule({ numInferenceSteps: STEPS, eta: 0 });
    const cat = await pipeline.encodePrompt("a cute cat"), none = await pipeline.encodePrompt("");
    const noise = async (prompt: typeof cat, guidanceScale: number) => {
      const condition = { prompt, negativePrompt: none };
      const denoiser = pipeline.createDenoiser(condition, { schedule, guidanceScale });
      const latents = new TorchGenerator(2).randn(STEPS * denoiser.rowSize);
      const out = new Float64Array(latents.length);
      await denoiser.predictNoise(latents, Int32Array.from({ length: STEPS }, (_, t) => t), out);
      assert.equal(denoiser.networkRows, STEPS * denoiser.rowsPerStep);
      return { out, rowsPerStep: denoiser.rowsPerStep };
    };
    assert.deepEqual(await noise(cat, 0), await noise(none, 1));
    // u + w (c - u) with both rows, as before.
    const both = await noise(cat, Number.MIN_VALUE);
    assert.equal(both.rowsPerStep, 2);
    assert.deepEqual(both.out, (await noise(cat, 0)).out);
  }));
