/**
 * Every target of sampling against diffusers' schedulers, with a formula for the network. The
 * recipe is tests/fixtures/make_scheduler_parity.py.
 */
import assert from "node:assert/strict";
import {
  clipSample,
  createEulerSchedule,
  createFlowSchedule,
  createSchedule,
  type Denoiser,
  parallelSample,
  type PredictionType,
  type ScaledSchedule,
  type ScheduleOptions,
  type SchedulerConfig,
  secondOrder,
  sequentialSample,
  type SigmaSpacing,
} from "../../mod.ts";
import {
  assertNear,
  formulaDenoiser,
  formulaNoise,
  readSchedulerCases,
  type SchedulerCase,
} from "../support/scheduler_parity.ts";
import { collect } from "./collect.ts";

const { cases, trained_betas: trainedBetas } = await readSchedulerCases();

function scheduleOf(
  { class: name, settings, eta, mu, pipeline }: SchedulerCase,
  numInferenceSteps: number,
): ScaledSchedule {
  const sigmaSpacing = (["karras", "exponential", "beta"] as const)
    .find((spacing): spacing is SigmaSpacing => settings[`use_${spacing}_sigmas`] === true);
  if (name.startsWith("Flow")) {
    return createFlowSchedule({
      ...{ numInferenceSteps, mu, sigmaSpacing, spacing: pipeline ? "pipeline" : "scheduler" },
      shift: settings.shift as number | undefined,
      timeShiftType: settings.time_shift_type as "linear" | undefined,
      shiftTerminal: settings.shift_terminal as number | undefined,
      invertSigmas: settings.invert_sigmas === true,
      stochasticSampling: settings.stochastic_sampling === true,
    });
  }
  const config: ScheduleOptions = {
    // diffusers' own defaults, in float32 as torch computes them.
    ...{ kind: "dit", numInferenceSteps, precision: "float32" },
    betaStart: settings.beta_start as number | undefined,
    betaEnd: settings.beta_end as number | undefined,
    betaSchedule: settings.beta_schedule as SchedulerConfig["betaSchedule"] | undefined,
    trainedBetas: settings.trained_betas ? trainedBetas : undefined,
    rescaleBetasZeroSnr: settings.rescale_betas_zero_snr === true,
    stepsOffset: settings.steps_offset as number | undefined,
  };
  const timestepSpacing = settings.timestep_spacing as SchedulerConfig["timestepSpacing"];
  if (name.startsWith("Euler")) {
    return createEulerSchedule({
      ...{ ...config, sigmaSpacing, timestepSpacing: timestepSpacing ?? "linspace" },
      sigmaMin: settings.sigma_min as number | undefined,
      sigmaMax: settings.sigma_max as number | undefined,
      finalSigma: settings.final_sigmas_type as "sigma_min" | undefined,
      ancestral: name.startsWith("EulerAncestral"),
    });
  }
  if (name.startsWith("DPM")) {
    const timesteps = dpmTimesteps(timestepSpacing, numInferenceSteps);
    return createSchedule({ ...config, timestepSpacing, timesteps, setAlphaToOne: true });
  }
  return createSchedule({
    ...{ ...config, timestepSpacing: timestepSpacing ?? "leading" },
    setAlphaToOne: settings.set_alpha_to_one !== false,
    eta: name === "DDPMScheduler" ? 1 : eta,
  });
}

/** That class spaces T + 1 levels, but for trailing, and leaves out the lowest one. */
function dpmTimesteps(spacing: SchedulerConfig["timestepSpacing"], count: number): number[] {
  const level = {
    leading: (i: number) => i * Math.floor(1000 / (count + 1)) + 1,
    linspace: (i: number) => Math.round(i * 999 / count),
    trailing: (i: number) => Math.round(1000 - (count - i) * 1000 / count) - 1,
    respaced: (i: number) => i,
  }[spacing];
  return Array.from({ length: count }, (_, k) => level(count - k));
}

function predictionTypeOf({ class: name, settings }: SchedulerCase): PredictionType {
  if (name.startsWith("Flow")) return settings.invert_sigmas ? "inverted_flow" : "flow";
  return settings.prediction_type as PredictionType | undefined ?? "epsilon";
}

function denoiserOf(some: SchedulerCase, schedule: ScaledSchedule): Denoiser {
  const { settings, class: name } = some;
  const denoiser = formulaDenoiser(schedule, predictionTypeOf(some));
  const clipped = clips(some)
    ? clipSample(denoiser, {
      schedule,
      keepNoise: name === "DDIMScheduler",
      ...(settings.thresholding
        ? { thresholding: { sampleMaxValue: settings.sample_max_value as number } }
        : { clipSampleRange: settings.clip_sample_range as number | undefined }),
    })
    : denoiser;
  return name.startsWith("DPM") ? secondOrder(clipped, { schedule }) : clipped;
}

/** DDIM and DDPM clip by default. */
function clips({ class: name, settings }: SchedulerCase): boolean {
  return settings.thresholding === true ||
    (name.startsWith("DD") && settings.clip_sample !== false);
}

for (const some of cases) {
  const { class: name, settings, eta, mu, pipeline } = some;
  const title = `${name} ${JSON.stringify({ ...settings, eta, mu, pipeline })}`;
  Deno.test(`sequentialSample() equals diffusers' ${title}`, async () => {
    assert.ok(Object.keys(some.latents).length >= 5);
    for (const [count, wanted] of Object.entries(some.latents)) {
      const schedule = scheduleOf(some, Number(count)), noise = formulaNoise(schedule);
      const denoiser = denoiserOf(some, schedule), again = denoiserOf(some, schedule);
      const { sample } = await sequentialSample(denoiser, { schedule, noise });
      assertNear(sample, wanted, 1e-5, `latent, T ${count}`);
      if (some.levels && !name.startsWith("DPM")) assertLevels(schedule, some.levels[count], some);
      // And in parallel, at tolerance 0, bit for bit.
      if (Number(count) > 50) continue;
      for (const method of ["tqn", "parataa"] as const) {
        const options = { schedule, noise, method, atol: 0, rtol: 0 };
        const { result } = await collect(parallelSample(again, options));
        assert.deepEqual(result.sample, sample, `${method}, T ${count}`);
      }
    }
  });
}

function assertLevels(
  schedule: ScaledSchedule,
  [initial, sigmas, timesteps]: [number, number[], number[]],
  { settings }: SchedulerCase,
): void {
  const every = schedule.numSteps === 333 ? 30 : 1;
  const visited = (values: ArrayLike<number>) =>
    Array.from(values).toReversed().filter((_, i) => i % every === 0);
  // Of inverted sigmas diffusers counts from the other end.
  const told = (sigma: number) => settings.invert_sigmas ? 1 - sigma : sigma;
  const count = visited(schedule.sigma).length;
  const ours = visited(schedule.sigma).map(told);
  assertNear(ours, sigmas.slice(0, count), 1e-6, "sigmas");
  assertNear(visited(schedule.timesteps), timesteps, 1e-6, "timesteps");
  assertNear([schedule.initialScale ?? 1], [initial], 1e-6, "initial scale");
}
