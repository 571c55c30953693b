import assert from "node:assert/strict";
import { ModelError } from "../../src/errors.ts";
import { DitPipeline } from "../../src/pipelines/dit_pipeline.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { createEulerSchedule } from "../../src/sampling/schedules/euler_schedule.ts";
import { createFlowSchedule } from "../../src/sampling/schedules/flow_schedule.ts";
import type { Schedule } from "../../src/sampling/schedules/schedule.ts";
import { sequentialSample } from "../../src/sampling/sequential_sampler.ts";
import { withTempFolder } from "../support/temp_folder.ts";
import { type TinyDitOptions, writeTinyDit } from "../support/tiny_dit.ts";

const STEPS = 6;

/** Opens a tiny model and hands it to the test. */
function withPipeline<T>(
  options: TinyDitOptions,
  test: (pipeline: DitPipeline) => Promise<T>,
): Promise<T> {
  return withTempFolder(async (folder) => {
    using env = Environment.open();
    await using pipeline = await DitPipeline.open(env, await writeTinyDit(folder, options));
    return await test(pipeline);
  });
}

/** Noise of all steps at once for latents that differ in every element, the same for every test. */
async function predict(
  pipeline: DitPipeline,
  options: { guidanceScale?: number; batchSize?: number; label?: number } = {},
): Promise<{ latents: Float64Array; noise: Float64Array }> {
  const schedule = pipeline.createSchedule({ numInferenceSteps: STEPS, eta: 0 });
  const denoiser = pipeline.createDenoiser(options.label ?? 1, {
    schedule,
    guidanceScale: options.guidanceScale ?? 4,
    batchSize: options.batchSize,
  });
  const latents = Float64Array.from({ length: STEPS * denoiser.rowSize }, (_, i) => Math.sin(i));
  const noise = new Float64Array(latents.length);
  await denoiser.predictNoise(latents, Int32Array.from({ length: STEPS }, (_, t) => t), noise);
  return { latents, noise };
}

/** What the tiny model computes, in float64: tanh(0.7 x + t/1000 + 0.1 y). */
function tiny(x: number, timestep: number, label: number): number {
  return Math.tanh(0.7 * x + timestep / 1000 + 0.1 * label);
}

Deno.test("DitPipeline guides the first three channels and keeps the conditional noise in the fourth", () =>
  withPipeline({}, async (pipeline) => {
    const { latents, noise } = await predict(pipeline);
    const { timesteps } = pipeline.createSchedule({ numInferenceSteps: STEPS, eta: 0 });
    const [row, plane] = [64, 16];
    for (let i = 0; i < noise.length; i++) {
      const t = timesteps[Math.floor(i / row)];
      const [conditional, nullClass] = [tiny(latents[i], t, 1), tiny(latents[i], t, 3)];
      const channel = Math.floor((i % row) / plane);
      const wanted = channel < 3 ? nullClass + 4 * (conditional - nullClass) : conditional;
      assert.ok(Math.abs(noise[i] - wanted) < 1e-5, `element ${i}: ${noise[i]}, wanted ${wanted}`);
    }
  }));

Deno.test("DitPipeline gives the same bytes for every batch size", () =>
  withPipeline({}, async (pipeline) => {
    const { noise } = await predict(pipeline);
    for (const batchSize of [1, 2, 3, 5, 100]) {
      assert.deepEqual(
        (await predict(pipeline, { batchSize })).noise,
        noise,
        `batch size ${batchSize}`,
      );
    }
  }));

Deno.test("DitPipeline splits and pads for a frozen batch, with the same result", async () => {
  const free = await withPipeline({}, (pipeline) => predict(pipeline));
  for (const batch of [1, 4, 5, 64]) {
    const frozen = await withPipeline(
      { batch },
      (pipeline) => predict(pipeline),
    );
    assert.deepEqual(frozen.noise, free.noise, `frozen at ${batch}`);
  }
});

Deno.test("DitPipeline takes float timesteps and any number of channels", async () => {
  const whole = await withPipeline({}, (pipeline) => predict(pipeline));
  const float = await withPipeline({ timestepType: "float32" }, (pipeline) => predict(pipeline));
  assert.deepEqual(float.noise, whole.noise);
  await withPipeline({ channels: 6 }, (pipeline) => {
    assert.deepEqual(pipeline.latentShape, [6, 4, 4]);
    return predict(pipeline);
  });
});

Deno.test("DitPipeline evaluates no null class at guidance 1", () =>
  withPipeline({}, async (pipeline) => {
    const { latents, noise } = await predict(pipeline, { guidanceScale: 1, label: 2 });
    assert.ok(Math.abs(noise[0] - tiny(latents[0], 0, 2)) < 1e-6);
    const schedule = pipeline.createSchedule({ numInferenceSteps: 3, eta: 0 });
    const denoiser = pipeline.createDenoiser(2, { schedule, guidanceScale: 1 });
    await sequentialSample(denoiser, { schedule, noise: new Float64Array(4 * 64) });
    assert.equal(denoiser.networkRows, 3);
  }));

Deno.test("DitPipeline evaluates both rows at guidance 0: the fourth channel keeps the conditional noise", () =>
  withPipeline({}, (pipeline) => {
    const schedule = pipeline.createSchedule({ numInferenceSteps: 3, eta: 0 });
    const rows = (guidanceScale: number) =>
      pipeline.createDenoiser(2, { schedule, guidanceScale }).rowsPerStep;
    assert.deepEqual([0, 0.5, 1, 4].map(rows), [2, 2, 1, 2]);
    return Promise.resolve();
  }));

Deno.test("DitPipeline turns a predicted velocity into noise", () =>
  withPipeline(
    { scheduler: { prediction_type: "v_prediction" } },
    async (pipeline) => {
      const { latents, noise } = await predict(pipeline, { guidanceScale: 1 });
      const { timesteps, alphasCumprod } = pipeline.createSchedule({
        numInferenceSteps: STEPS,
        eta: 0,
      });
      for (const t of [0, STEPS - 1]) {
        const [i, a] = [t * 64, alphasCumprod[t]];
        const wanted = Math.sqrt(a) * tiny(latents[i], timesteps[t], 1) +
          Math.sqrt(1 - a) * latents[i];
        assert.ok(Math.abs(noise[i] - wanted) < 1e-6);
      }
    },
  ));

Deno.test("DitPipeline.createDenoiser() scales the network's input by Euler's schedule", () =>
  withPipeline({}, async (pipeline) => {
    const schedule = createEulerSchedule({
      ...{ kind: "dit", numInferenceSteps: STEPS, timestepSpacing: "trailing" },
    });
    const denoiser = pipeline.createDenoiser(1, { schedule, guidanceScale: 1 });
    const steps = Int32Array.from({ length: STEPS }, (_, t) => t);
    const latents = Float64Array.from({ length: STEPS * denoiser.rowSize }, (_, i) => Math.sin(i));
    const noise = new Float64Array(latents.length);
    await denoiser.predictNoise(latents, steps, noise);
    noise.forEach((value, i) => {
      const t = Math.floor(i / denoiser.rowSize);
      const wanted = tiny(schedule.inputScale[t] * latents[i], schedule.timesteps[t], 1);
      assert.ok(Math.abs(value - wanted) < 1e-5, `element ${i}: ${value}, wanted ${wanted}`);
    });
  }));

Deno.test("DitPipeline.createDenoiser() refuses levels of a flow, and fractional ones for integer timesteps", () =>
  withPipeline({}, (pipeline) => {
    const create = (schedule: Schedule) => () =>
      pipeline.createDenoiser(1, { schedule, guidanceScale: 1 });
    const flow = createFlowSchedule({ numInferenceSteps: 2, sigmas: [1, 0.5] });
    assert.throws(create(flow), /predictionType is epsilon, .* wanted a diffusion schedule/);
    const between = createEulerSchedule({
      ...{ kind: "dit", numInferenceSteps: STEPS, timestepSpacing: "linspace" },
    });
    assert.throws(
      create(between),
      /timesteps\[1\] is 199.8, but .* timestep as int64, wanted whole/,
    );
    return Promise.resolve();
  }));

Deno.test("DitPipeline.decode() rounds as the official scripts do", () =>
  withPipeline({}, async (pipeline) => {
    const latent = new Float64Array(64);
    latent[0] = 0.25; // 0.25 / 0.5 * 0.5 = 0.25 in the first image channel
    latent[16] = -9; // clamped at both ends: 255 in the first, 0 in the second
    latent[17] = 9;
    const { width, height, data } = await pipeline.decode(latent);
    assert.deepEqual([width, height], [4, 4]);
    assert.deepEqual([...data.slice(0, 9)], [255, 0, 128, 0, 255, 128, 128, 128, 128]);
  }));

Deno.test("DitPipeline.open() refuses a model that does not meet its contract", async () => {
  const cases: [TinyDitOptions, RegExp][] = [
    [{ timestep: [] }, /the timestep input is a scalar/],
    [{ timestep: [1] }, /the timestep input is static \[1\]/],
    [{ sampleName: "x" }, /wanted inputs sample/],
    [{ unknownOperator: true }, /NoSuchOperator/],
    [
      { scheduler: { _class_name: "NoSuchScheduler" } },
      /_class_name is "NoSuchScheduler", wanted one of DDIMScheduler/,
    ],
    [
      { scheduler: { prediction_type: "flow_prediction" } },
      /prediction_type is "flow_prediction", wanted one of epsilon, v_prediction, sample/,
    ],
    [{ scheduler: { beta_start: "low" } }, /beta_start is "low", wanted a finite number/],
  ];
  for (const [options, message] of cases) {
    await assert.rejects(withPipeline(options, () => Promise.resolve()), (error: Error) => {
      assert.ok(error instanceof ModelError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("DitPipeline.open() names all missing parts at once", () =>
  withTempFolder(async (folder) => {
    using env = Environment.open();
    const path = await writeTinyDit(folder);
    await Deno.remove(`${path}/transformer/model.onnx`);
    await Deno.remove(`${path}/vae_decoder/model.onnx`);
    await assert.rejects(
      DitPipeline.open(env, path),
      /tiny-dit lacks transformer\/model\.onnx, vae_decoder\/model\.onnx/,
    );
    await assert.rejects(
      DitPipeline.open(env, path, { fp16: true }),
      /lacks transformer\/model_fp16\.onnx/,
    );
    await assert.rejects(DitPipeline.open(env, `${folder}/nosuch`), /there is no model folder/);
    await assert.rejects(DitPipeline.open(env, `${path}/model_index.json`), /is not a folder/);
  }));

Deno.test("DitPipeline.createDenoiser() refuses the null class and beyond", () =>
  withPipeline({}, async (pipeline) => {
    const schedule = pipeline.createSchedule({ numInferenceSteps: 2, eta: 0 });
    for (const label of [-1, 3, 0.5]) {
      assert.throws(
        () => pipeline.createDenoiser(label, { schedule, guidanceScale: 4 }),
        /wanted 0-2/,
      );
    }
    await Promise.resolve();
  }));
