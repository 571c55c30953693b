import assert from "node:assert/strict";
import { readNpy } from "../../src/formats/npy/npy.ts";
import { readSafetensors } from "../../src/formats/safetensors/safetensors.ts";
import { StableDiffusionPipeline } from "../../src/pipelines/stable_diffusion_pipeline.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import { sequentialSample } from "../../src/sampling/sequential_sampler.ts";
import { solve } from "../../src/sampling/solve.ts";
import { copyFolder, withTempFolder } from "../support/temp_folder.ts";

/** Made by diffusers from the same weights: tests/fixtures/make_diffusers_parity.py. */
const FIXTURE = "tests/fixtures/diffusers_parity.safetensors";

const { tensors } = readSafetensors(Deno.readFileSync(FIXTURE), { file: FIXTURE });
const fixture = (name: string) => tensors.get(name)!.data as Float64Array;

const largest = (values: Float64Array) => values.reduce((m, x) => Math.max(m, Math.abs(x)), 0);

/**
 * Relative to the largest element. The project promises 1e-3; two float32 runtimes came within 7e-7
 * of each other.
 */
const BAR = 1e-5;

for (const steps of [10, 25]) {
  for (const eta of [0, 1]) {
    Deno.test(`sequentialSample() is diffusers' StableDiffusionPipeline, ${steps} steps, eta ${eta}`, async () => {
      using env = Environment.open();
      await using pipeline = await StableDiffusionPipeline.open(
        env,
        "tests/fixtures/layouts/plain",
        { height: 64, width: 64 },
      );
      const schedule = pipeline.createSchedule({ numInferenceSteps: steps, eta });
      const condition = {
        prompt: await pipeline.encodePrompt("a cute cat"),
        negativePrompt: await pipeline.encodePrompt(""),
      };
      const denoiser = pipeline.createDenoiser(condition, { schedule, guidanceScale: 4 });
      const noise = fixture("noise").slice(0, (steps + 1) * denoiser.rowSize);
      const { sample } = await sequentialSample(denoiser, { schedule, noise });
      const wanted = fixture(`latents_${steps}_${eta}`);
      const error = largest(sample.map((x, i) => x - wanted[i])) / largest(wanted);
      assert.ok(error <= BAR, `relative error ${error}`);
    });
  }
}

Deno.test("sequentialSample() is diffusers' StableDiffusionPipeline with timestep_spacing trailing", () =>
  withTempFolder(async (folder) => {
    await copyFolder("tests/fixtures/layouts/plain", folder);
    const file = `${folder}/scheduler/scheduler_config.json`;
    const scheduler = JSON.parse(await Deno.readTextFile(file));
    await Deno.writeTextFile(file, JSON.stringify({ ...scheduler, timestep_spacing: "trailing" }));
    using env = Environment.open();
    await using pipeline = await StableDiffusionPipeline.open(env, folder);
    const schedule = pipeline.createSchedule({ numInferenceSteps: 10, eta: 0 });
    assert.deepEqual([...schedule.timesteps.slice(0, 3)], [99, 199, 299]);
    const condition = {
      prompt: await pipeline.encodePrompt("a cute cat"),
      negativePrompt: await pipeline.encodePrompt(""),
    };
    const denoiser = pipeline.createDenoiser(condition, { schedule, guidanceScale: 4 });
    const noise = new TorchGenerator(0).randn(11 * denoiser.rowSize);
    const { sample } = await sequentialSample(denoiser, { schedule, noise });
    // diffusers 0.42.1's DDIMScheduler and ONNX Runtime 1.32 on the same weights and the same x_T,
    // [4,8,8].
    const wanted = readNpy(await Deno.readFile("tests/fixtures/trailing_x0.npy"))
      .data as Float32Array;
    const error = largest(sample.map((x, i) => x - wanted[i])) / largest(Float64Array.from(wanted));
    assert.ok(error <= BAR, `relative error ${error}`);
  }));

Deno.test("sequentialSample() and solve() sample a velocity network with zero terminal SNR as diffusers does", () =>
  withTempFolder(async (folder) => {
    await copyFolder("tests/fixtures/layouts/plain", folder);
    const file = `${folder}/scheduler/scheduler_config.json`;
    const scheduler = JSON.parse(await Deno.readTextFile(file));
    const changes = {
      ...{ prediction_type: "v_prediction", rescale_betas_zero_snr: true },
      timestep_spacing: "trailing",
    };
    await Deno.writeTextFile(file, JSON.stringify({ ...scheduler, ...changes }));
    using env = Environment.open();
    await using pipeline = await StableDiffusionPipeline.open(env, folder, {
      height: 64,
      width: 64,
    });
    const schedule = pipeline.createSchedule({ numInferenceSteps: 10, eta: 0 });
    assert.equal(schedule.signal[9], 0);
    const condition = {
      prompt: await pipeline.encodePrompt("a cute cat"),
      negativePrompt: await pipeline.encodePrompt(""),
    };
    const denoiser = pipeline.createDenoiser(condition, { schedule, guidanceScale: 4 });
    const noise = fixture("noise").slice(0, 11 * denoiser.rowSize);
    // tests/fixtures/make_zero_snr.py
    const wanted = readNpy(await Deno.readFile("tests/fixtures/zero_snr_x0.npy"))
      .data as Float32Array;
    const exact = { schedule, noise, atol: 0, rtol: 0 };
    for (
      const { sample } of [
        await sequentialSample(denoiser, { schedule, noise }),
        await solve(denoiser, exact),
      ]
    ) {
      const error = largest(sample.map((x, i) => x - wanted[i])) /
        largest(Float64Array.from(wanted));
      assert.ok(error <= BAR, `relative error ${error}`);
    }
  }));
