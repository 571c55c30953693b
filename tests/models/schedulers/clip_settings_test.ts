import assert from "node:assert/strict";
import { clipSample, sequentialSample } from "../../../mod.ts";
import { ModelError } from "../../../src/errors.ts";
import { ModelFolder } from "../../../src/models/model_folder.ts";
import {
  createModelSchedule,
  type ModelSchedule,
  type ScheduleRequest,
} from "../../../src/models/schedulers/model_schedule.ts";
import {
  type DiffusionScheduler,
  readSchedulerFile,
  schedulerFacts,
  type SchedulerOptions,
} from "../../../src/models/schedulers/scheduler_file.ts";
import {
  assertNear,
  formulaDenoiser,
  formulaNoise,
  readSchedulerCases,
} from "../../support/scheduler_parity.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

const OPTIONS = { kind: "stable-diffusion", ownSettings: true } as const;

/** The scheduler of a folder with this file. */
function read(file: object, options: SchedulerOptions = OPTIONS): Promise<DiffusionScheduler> {
  return withTempFolder(async (path) => {
    await Deno.mkdir(`${path}/scheduler`);
    await Deno.writeTextFile(`${path}/scheduler/scheduler_config.json`, JSON.stringify(file));
    const folder = await ModelFolder.open(path, { networks: [], part: true });
    const scheduler = await readSchedulerFile(folder, options);
    return scheduler.steps === "flow_euler" ? assert.fail("it is a flow") : scheduler;
  });
}

function scheduleOf(
  scheduler: DiffusionScheduler,
  request: Partial<ScheduleRequest> = {},
): ModelSchedule {
  const full = { numInferenceSteps: 5, ...request };
  return createModelSchedule(scheduler, full, { kind: "stable-diffusion", path: "a model" });
}

const { cases } = await readSchedulerCases();
const CLIPPING = cases.filter(({ class: name, settings }) =>
  /^DD/.test(name) && settings.clip_sample !== false
);

Deno.test("createModelSchedule() clips by the folder's file as diffusers does", async () => {
  assert.equal(CLIPPING.length, 27);
  for (const { class: name, settings, eta = 0, latents } of CLIPPING) {
    // DDPM's last step always leads to no noise; a folder of this kind says so.
    const scheduler = await read({ _class_name: name, set_alpha_to_one: true, ...settings });
    for (const [count, wanted] of Object.entries(latents)) {
      const request = { numInferenceSteps: Number(count), eta: name === "DDPMScheduler" ? 1 : eta };
      const schedule = scheduleOf(scheduler, request);
      const formula = formulaDenoiser(schedule, scheduler.predictionType);
      const denoiser = clipSample(formula, { ...schedule.clip, schedule });
      const noise = formulaNoise(schedule);
      const { sample } = await sequentialSample(denoiser, { schedule, noise });
      // Levels are in float64 here and in float32 there.
      assertNear(sample, wanted, 5e-5, `${name} ${JSON.stringify(settings)}, T ${count}`);
    }
  }
});

Deno.test("readSchedulerFile() clips as the class of the file does", async () => {
  const file = { beta_schedule: "scaled_linear", clip_sample: true, timestep_spacing: "leading" };
  const ddim = await read({ ...file, _class_name: "DDIMScheduler", clip_sample_range: 2 });
  assert.deepEqual(ddim.clip, { clipSampleRange: 2 });
  assert.deepEqual(ddim.notes, []);
  assert.deepEqual(scheduleOf(ddim, { eta: 1 }).clip, { clipSampleRange: 2, keepNoise: true });
  assert.equal(schedulerFacts(ddim).clips, "samples to ±2");
  const ddpm = await read({ ...file, _class_name: "DDPMScheduler" });
  assert.deepEqual(scheduleOf(ddpm, { eta: 1 }).clip, { clipSampleRange: 1, keepNoise: false });
  assert.deepEqual(scheduleOf(ddpm).clip, { clipSampleRange: 1, keepNoise: true });
  const dit = await read({ ...file, _class_name: "DDIMScheduler" }, { kind: "dit" });
  assert.deepEqual(dit.clip, { clipSampleRange: 1 });
  const off = await read({ ...file, _class_name: "DDIMScheduler", clip_sample: false });
  assert.equal(off.clip, undefined);
  assert.equal(scheduleOf(off).clip, undefined);
});

Deno.test("readSchedulerFile() notes a clipping that the file does not name, or that its class has not", async () => {
  const ddim = await read({ _class_name: "DDIMScheduler" });
  assert.deepEqual(ddim.clip, { clipSampleRange: 1 });
  const absent = /clip_sample is absent, DDIMScheduler's default true: clipped to ±1/;
  assert.match(ddim.notes.join("\n"), absent);
  const euler = await read({ _class_name: "EulerDiscreteScheduler", clip_sample: true });
  assert.equal(euler.clip, undefined);
  const other = /clip_sample is true, not a setting of EulerDiscreteScheduler, not followed/;
  assert.match(euler.notes.join("\n"), other);
});

Deno.test("readSchedulerFile() follows thresholding in place of clip_sample", async () => {
  const thresholding = { thresholding: true, dynamic_thresholding_ratio: 0.9, sample_max_value: 3 };
  const clip = { thresholding: { ratio: 0.9, sampleMaxValue: 3 } };
  for (const kind of ["dit", "stable-diffusion"] as const) {
    const ddim = await read({ _class_name: "DDIMScheduler", ...thresholding }, { kind });
    assert.deepEqual(ddim.clip, clip);
    assert.equal(schedulerFacts(ddim).clips, "samples to their quantile 0.9, at most 3");
  }
  const dpm = await read({ _class_name: "DPMSolverMultistepScheduler", ...thresholding });
  assert.deepEqual(scheduleOf(dpm).clip, { ...clip, keepNoise: false });
  const given = { _class_name: "DDIMScheduler", clip_sample_range: 0 };
  await assert.rejects(read(given), (error: Error) => {
    assert.ok(error instanceof ModelError, String(error));
    assert.match(error.message, /clip_sample_range is 0, wanted a number above 0$/);
    return true;
  });
});
