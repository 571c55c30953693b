import assert from "node:assert/strict";
import { ModelError, UsageError } from "../../../src/errors.ts";
import { ModelFolder } from "../../../src/models/model_folder.ts";
import {
  SCHEDULER_DEFAULTS,
  type SchedulerClass,
  stepsOf,
} from "../../../src/models/schedulers/scheduler_classes.ts";
import {
  type DiffusionScheduler,
  readSchedulerFile,
  schedulerFacts,
  type SchedulerFile,
  type SchedulerOptions,
} from "../../../src/models/schedulers/scheduler_file.ts";
import type { SchedulerName } from "../../../src/models/schedulers/scheduler_names.ts";
import { readFixture } from "../../sampling/fixtures.ts";
import { withTempFolder } from "../../support/temp_folder.ts";

type Kind = "dit" | "stable-diffusion";

/** Stable Diffusion v1's file, nothing left out. */
const SD = {
  _class_name: "DDIMScheduler",
  num_train_timesteps: 1000,
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  trained_betas: null,
  clip_sample: false,
  set_alpha_to_one: false,
  steps_offset: 1,
  prediction_type: "epsilon",
  timestep_spacing: "leading",
};

const SD_CONFIG = {
  numTrainTimesteps: 1000,
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: "scaled_linear",
  timestepSpacing: "leading",
  stepsOffset: 1,
  setAlphaToOne: false,
};

/** @param scheduler an object, or the text of a file */
function readFile(
  scheduler: object | string,
  options: SchedulerOptions,
): Promise<SchedulerFile> {
  return withTempFolder(async (path) => {
    await Deno.mkdir(`${path}/scheduler`);
    await Deno.writeTextFile(
      `${path}/scheduler/scheduler_config.json`,
      typeof scheduler === "string" ? scheduler : JSON.stringify(scheduler),
    );
    const folder = await ModelFolder.open(path, { networks: [], part: true });
    return await readSchedulerFile(folder, options);
  });
}

/** As {@link readFile}, of a diffusion model. */
async function read(
  scheduler: object | string,
  kind: Kind = "stable-diffusion",
  name?: SchedulerName,
): Promise<DiffusionScheduler> {
  return asDiffusion(await readFile(scheduler, { kind, scheduler: name }));
}

function asDiffusion(file: SchedulerFile): DiffusionScheduler {
  return file.steps === "flow_euler" ? assert.fail("it is a flow") : file;
}

function without(...keys: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(SD).filter(([key]) => !keys.includes(key)));
}

async function refused(scheduler: object | string, message: RegExp, kind?: Kind): Promise<void> {
  await assert.rejects(read(scheduler, kind), (error: Error) => {
    assert.ok(error instanceof ModelError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("readSchedulerFile() follows a complete file without a word", async () => {
  const { config, predictionType, notes } = await read(SD);
  assert.deepEqual(config, SD_CONFIG);
  assert.equal(predictionType, "epsilon");
  assert.deepEqual(notes, []);
  for (const timestepSpacing of ["trailing", "linspace"] as const) {
    for (const kind of ["dit", "stable-diffusion"] as const) {
      const file = await read({ ...SD, timestep_spacing: timestepSpacing }, kind);
      assert.deepEqual(file.config, { ...SD_CONFIG, timestepSpacing });
      assert.deepEqual(file.notes, []);
    }
  }
});

Deno.test("readSchedulerFile() takes the published values in a folder without the file", () =>
  withTempFolder(async (path) => {
    const folder = await ModelFolder.open(path, { networks: [], part: true });
    const kind = "stable-diffusion";
    const { config, notes } = asDiffusion(await readSchedulerFile(folder, { kind }));
    assert.deepEqual(config, SD_CONFIG);
    assert.deepEqual(notes, []);
    const dit = asDiffusion(await readSchedulerFile(folder, { kind: "dit" }));
    assert.equal(dit.config.timestepSpacing, "respaced");
    assert.deepEqual(dit.notes, []);
  }));

Deno.test("SCHEDULER_DEFAULTS are those of diffusers 0.42.1's classes", async () => {
  const { classes } = await readFixture<{ classes: Record<string, Record<string, unknown>> }>(
    "timestep_spacing.json",
  );
  assert.deepEqual(Object.keys(SCHEDULER_DEFAULTS).sort(), Object.keys(classes).sort());
  for (const [name, ours] of Object.entries(SCHEDULER_DEFAULTS)) {
    const { betaStart, betaEnd, betaSchedule, stepsOffset, setAlphaToOne, clipSample } = ours;
    const wanted = classes[name];
    assert.deepEqual(
      { betaStart, betaEnd, betaSchedule, stepsOffset, setAlphaToOne, clipSample },
      {
        betaStart: wanted.beta_start,
        betaEnd: wanted.beta_end,
        betaSchedule: wanted.beta_schedule,
        stepsOffset: wanted.steps_offset,
        setAlphaToOne: wanted.set_alpha_to_one,
        clipSample: wanted.clip_sample,
      },
      name,
    );
    // The one class without the setting spaces by linspace always.
    assert.equal(ours.timestepSpacing, wanted.timestep_spacing ?? "linspace", name);
  }
});

Deno.test("readSchedulerFile() takes every class that shares DDIM's noise levels at the same levels", async () => {
  for (const [name, { timestepSpacing }] of Object.entries(SCHEDULER_DEFAULTS)) {
    if (stepsOf(name as SchedulerClass) !== "ddim") continue;
    const { config, notes } = await read({ ...without("timestep_spacing"), _class_name: name });
    assert.deepEqual(config, SD_CONFIG, name);
    const text = notes.join("\n");
    const ddim = /^DD[IP]M/.test(name);
    assert.equal(text.includes(`the noise levels of ${name} are taken`), !ddim, name);
    const other = `timestep_spacing is absent, ${name}'s default "linspace", taken as leading`;
    assert.equal(text.includes(other), timestepSpacing === "linspace", name);
  }
});

Deno.test("readSchedulerFile() gives absent keys the defaults of their class", async () => {
  const ddim = await read({ _class_name: "DDIMScheduler", clip_sample: false });
  assert.deepEqual(ddim.config, {
    numTrainTimesteps: 1000,
    betaStart: 0.0001,
    betaEnd: 0.02,
    betaSchedule: "linear",
    timestepSpacing: "leading",
    stepsOffset: 1,
    setAlphaToOne: true,
  });
  assert.match(
    ddim.notes.join("\n"),
    /steps_offset is absent, DDIMScheduler's default 0, taken as 1/,
  );
  const heun = await read({ _class_name: "HeunDiscreteScheduler", beta_schedule: "scaled_linear" });
  assert.deepEqual(heun.config, SD_CONFIG);
  const pndm = await read({ _class_name: "PNDMScheduler" }, "dit");
  assert.equal(pndm.config.setAlphaToOne, false);
});

Deno.test("readSchedulerFile() follows diffusers' pipelines for clip_sample and steps_offset", async () => {
  for (const clip of [{ clip_sample: true }, {}]) {
    const file = await read({ ...without("clip_sample"), ...clip });
    assert.deepEqual(file.config, SD_CONFIG);
    assert.equal(file.clip, undefined);
    assert.match(file.notes.join("\n"), /clip_sample is .*true, taken as false as diffusers/);
  }
  const offset = await read({ ...SD, steps_offset: 0 });
  assert.deepEqual(offset.config, SD_CONFIG);
  assert.match(offset.notes.join("\n"), /steps_offset is 0, taken as 1 as diffusers/);
});

Deno.test("readSchedulerFile() respaces a DiT with leading spacing, with a note", async () => {
  for (const spacing of [{ timestep_spacing: "leading" }, {}]) {
    const { config, notes } = await read({ ...without("timestep_spacing"), ...spacing }, "dit");
    assert.equal(config.timestepSpacing, "respaced");
    assert.match(notes.join("\n"), /timestep_spacing is .*"leading", taken as respaced/);
  }
  const own = await read({ ...SD, timestep_spacing: "respaced" }, "dit");
  assert.deepEqual(own.notes, []);
});

Deno.test("readSchedulerFile() refuses by name what it does not follow", async () => {
  const cases: [object, RegExp][] = [
    [
      { timestep_spacing: "sideways" },
      /timestep_spacing is "sideways", wanted one of leading, trailing, linspace$/,
    ],
    [{ timestep_spacing: "respaced" }, /timestep_spacing is "respaced"/],
    [{ timestep_spacing: null }, /timestep_spacing is null/],
    [{ _class_name: "EDMEulerScheduler" }, /_class_name is "EDMEulerScheduler"/],
    [{ _class_name: "LCMScheduler" }, /_class_name is "LCMScheduler"/],
    [{ beta_schedule: "laplace" }, /beta_schedule is "laplace", wanted one of linear/],
    [
      { _class_name: "FlowMatchHeunDiscreteScheduler" },
      /_class_name is "FlowMatchHeunDiscreteScheduler", wanted FlowMatchEulerDiscreteScheduler/,
    ],
    [
      { _class_name: "FlowMatchEulerDiscreteScheduler" },
      /prediction_type is "epsilon", wanted flow_prediction, since its class samples flow models/,
    ],
    [{ prediction_type: "flow_prediction" }, /prediction_type is "flow_prediction"/],
    [{ predict_epsilon: false }, /predict_epsilon is false, wanted true/],
    [{ trained_betas: [0.1] }, /trained_betas has 1 entries, wanted 1000, the num_train_timesteps/],
    [{ trained_betas: [0.1, "b"] }, /trained_betas is \[0.1,"b"\], wanted null or a list/],
    [{ trained_betas: Array(1000).fill(2) }, /trained_betas\[0\] is 2, wanted a finite number/],
    [
      { thresholding: true, _class_name: "EulerDiscreteScheduler" },
      /thresholding is true, wanted false, true is not followed for EulerDiscreteScheduler/,
    ],
    [
      { thresholding: true, dynamic_thresholding_ratio: 2 },
      /dynamic_thresholding_ratio is 2, wanted a number from 0 to 1/,
    ],
    [
      { thresholding: true, sample_max_value: 0.5 },
      /sample_max_value is 0.5, wanted a number from 1$/,
    ],
    [
      { rescale_betas_zero_snr: true, timestep_spacing: "trailing" },
      /prediction_type is epsilon, but step 1 is at pure noise, wanted v_prediction or sample/,
    ],
    [{ rescale_betas_zero_snr: 1 }, /rescale_betas_zero_snr is 1, wanted true or false/],
    [{ use_flow_sigmas: true }, /use_flow_sigmas is true/],
    [{ use_dynamic_shifting: true }, /use_dynamic_shifting is true/],
    [{ timestep_type: "continuous" }, /timestep_type is "continuous", wanted discrete/],
    [{ beta_end: 2 }, /beta_end is 2, wanted a finite number from 0.00085 to 0.99/],
    [{ beta_start: 0.9, beta_end: 0.99 }, /beta_start 0.9 and beta_end 0.99 take .* to 0/],
    [{ num_train_timesteps: 12.5 }, /num_train_timesteps is 12.5, wanted a whole number/],
  ];
  for (const [changes, message] of cases) await refused({ ...SD, ...changes }, message);
});

Deno.test("readSchedulerFile() follows betas, zero terminal SNR and sample prediction", async () => {
  const cosine = await read({
    ...SD,
    beta_schedule: "squaredcos_cap_v2",
    prediction_type: "sample",
  });
  assert.deepEqual(cosine.config, { ...SD_CONFIG, betaSchedule: "squaredcos_cap_v2" });
  assert.equal(cosine.predictionType, "sample");
  assert.equal(schedulerFacts(cosine).betas, "squaredcos_cap_v2 over 1000 levels");
  const trainedBetas = Array.from({ length: 1000 }, (_, i) => (i + 1) / 1e5);
  const trained = await read({ ...SD, trained_betas: trainedBetas });
  assert.deepEqual(trained.config, { ...SD_CONFIG, trainedBetas });
  assert.equal(schedulerFacts(trained).betas, "the model's own, over 1000 levels");
  const rescaled = await read({
    ...{ ...SD, rescale_betas_zero_snr: true, timestep_spacing: "trailing" },
    prediction_type: "v_prediction",
  });
  const config = { ...SD_CONFIG, timestepSpacing: "trailing", rescaleBetasZeroSnr: true };
  assert.deepEqual(rescaled.config, config);
  const { betas } = schedulerFacts(rescaled);
  assert.equal(
    betas,
    "scaled_linear, 0.00085 to 0.012 over 1000 levels, rescaled to no last signal",
  );
  for (const file of [cosine, trained, rescaled]) assert.deepEqual(file.notes, []);
});

Deno.test("readSchedulerFile() names settings of other solvers that it does not follow", async () => {
  const { config, notes } = await read({
    ...SD,
    _class_name: "UniPCMultistepScheduler",
    solver_order: 2,
    use_karras_sigmas: true,
    use_lu_lambdas: false,
    lambda_min_clipped: -5.1,
    final_sigmas_type: "sigma_min",
    timestep_spaceing: "trailing",
  });
  assert.deepEqual(config, SD_CONFIG);
  assert.deepEqual(notes.map((note) => note.replace("scheduler/scheduler_config.json: ", "")), [
    "the noise levels of UniPCMultistepScheduler are taken, spaced and stepped as DDIMScheduler does",
    "use_karras_sigmas is true, which is not followed",
    "lambda_min_clipped is -5.1, which is not followed",
    'final_sigmas_type is "sigma_min", which is not followed',
    '"timestep_spaceing": not a setting of any scheduler, not followed',
  ]);
});

Deno.test("readSchedulerFile() reads Python's infinities and refuses one that matters by name", async () => {
  const text = (key: string, value: string) =>
    JSON.stringify({ ...SD, [key]: "HERE" }).replace('"HERE"', value);
  const { config, notes } = await read(text("lambda_min_clipped", "-Infinity"));
  assert.deepEqual(config, SD_CONFIG);
  assert.deepEqual(notes, []);
  await refused(text("beta_end", "Infinity"), /beta_end is Infinity, wanted a finite number/);
  await refused(text("beta_start", "NaN"), /beta_start is NaN, wanted a finite number/);
});

Deno.test("schedulerFacts() lists spacing, betas and prediction type", async () => {
  assert.deepEqual(schedulerFacts(await read({ ...SD, prediction_type: "v_prediction" })), {
    betas: "scaled_linear, 0.00085 to 0.012 over 1000 levels",
    spacing: "leading, from level 1 on",
    "last step": "to the noise of level 0",
    predicts: "v_prediction",
  });
  const trailing = await read({ ...SD, timestep_spacing: "trailing" });
  assert.equal(schedulerFacts(trailing).spacing, "trailing");
});

Deno.test("readSchedulerFile() follows Euler's method, its ancestral form and DPM-Solver++ 2M", async () => {
  const karras = { use_karras_sigmas: true };
  const euler = await read({ ...SD, ...karras, _class_name: "EulerDiscreteScheduler" });
  assert.equal(euler.steps, "euler");
  assert.deepEqual(euler.sigmaSettings, { sigmaSpacing: "karras" });
  assert.deepEqual(euler.config, SD_CONFIG);
  assert.deepEqual(euler.notes, []);
  assert.equal(schedulerFacts(euler).steps, "euler");
  assert.equal(schedulerFacts(euler).spacing, "karras");
  const named = "EulerAncestralDiscreteScheduler";
  const ancestral = await read({ ...without("timestep_spacing"), _class_name: named });
  assert.equal(ancestral.steps, "euler_ancestral");
  assert.equal(ancestral.config.timestepSpacing, "linspace"); // the class's default
  const dpm = { ...SD, _class_name: "DPMSolverMultistepScheduler" };
  const multistep = await read({ ...dpm, use_beta_sigmas: true, solver_order: 2 });
  assert.equal(multistep.steps, "dpmpp_2m");
  assert.deepEqual(multistep.sigmaSettings, { sigmaSpacing: "beta" });
  assert.deepEqual(multistep.notes, []);
  const cases: [object, RegExp][] = [
    [{ solver_order: 3 }, /solver_order is 3, wanted 2/],
    [{ algorithm_type: "sde-dpmsolver++" }, /algorithm_type is .*, wanted dpmsolver\+\+/],
    [{ solver_type: "heun" }, /solver_type is "heun", wanted midpoint/],
    [{ use_lu_lambdas: true }, /use_lu_lambdas is true, wanted false or null/],
    [{ final_sigmas_type: "sigma_min" }, /final_sigmas_type is "sigma_min", wanted zero/],
    [
      { use_karras_sigmas: true, use_beta_sigmas: true },
      /use_karras_sigmas and use_beta_sigmas are true, wanted one/,
    ],
  ];
  for (const [changes, message] of cases) await refused({ ...dpm, ...changes }, message);
});

Deno.test("readSchedulerFile() takes another class over the file's keys", async () => {
  const file = { ...SD, _class_name: "PNDMScheduler", skip_prk_steps: true };
  const euler = await read(file, "stable-diffusion", "euler");
  assert.equal(euler.steps, "euler");
  assert.deepEqual(euler.config, SD_CONFIG);
  assert.deepEqual(euler.notes, []);
  const ddpm = await read(file, "stable-diffusion", "ddpm");
  assert.equal(ddpm.steps, "ddim");
  assert.deepEqual(ddpm.notes, []);
  const dit = await read({}, "dit", "dpmpp_2m");
  assert.equal(dit.steps, "dpmpp_2m");
  assert.equal(dit.config.timestepSpacing, "respaced");
});

Deno.test("readSchedulerFile() refuses a flow model as a diffusion model and the reverse", async () => {
  const FLOW = {
    _class_name: "FlowMatchEulerDiscreteScheduler",
    num_train_timesteps: 1000,
    shift: 3,
    use_dynamic_shifting: false,
  };
  const options = { kind: "stable-diffusion" } as const;
  const fixed = await readFile(FLOW, options);
  assert.ok(fixed.steps === "flow_euler");
  assert.equal(fixed.flow.shift, 3);
  assert.equal(fixed.dynamicShift, undefined);
  assert.deepEqual(fixed.notes, []);
  assert.deepEqual(schedulerFacts(fixed), { steps: "flow_euler", shift: "3", predicts: "flow" });
  const dynamic = await readFile(
    { ...FLOW, use_dynamic_shifting: true, max_shift: 0.9, invert_sigmas: true },
    { ...options, scheduler: "flow_euler" },
  );
  assert.ok(dynamic.steps === "flow_euler");
  assert.equal(dynamic.dynamicShift?.maxShift, 0.9);
  assert.equal(dynamic.predictionType, "inverted_flow");
  const refusedAs = (file: object, scheduler: SchedulerName, message: RegExp) =>
    assert.rejects(readFile(file, { ...options, scheduler }), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      return true;
    });
  await refusedAs(
    FLOW,
    "ddim",
    /scheduler is ddim, but .* is a flow model, its scheduler is "FlowMatchEulerDiscreteScheduler", wanted flow_euler/,
  );
  await refusedAs(
    SD,
    "flow_euler",
    /is a diffusion model, its scheduler is "DDIMScheduler", wanted ddim, ddpm, euler, euler_ancestral, dpmpp_2m/,
  );
  await refusedAs({}, "flow_euler", /is a diffusion model, wanted ddim/);
});
