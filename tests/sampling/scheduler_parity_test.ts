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
  outputWeights,
  parallelSample,
  type PredictionType,
  type ScaledSchedule,
  type ScheduleOptions,
  type SchedulerConfig,
  secondOrder,
  sequentialSample,
  type SigmaSpacing,
} from "../../mod.ts";
import { collect } from "./collect.ts";
import { readFixture } from "./fixtures.ts";

type Settings = Record<string, unknown>;

interface Case {
  class: string;
  settings: Settings;
  eta?: number;
  mu?: number;
  /** Whether the sigmas are those that FLUX's pipeline passes. */
  pipeline?: boolean;
  latents: Record<string, number[]>;
  /** Initial scale, sigmas and timesteps, the highest first; every 30th of 333. */
  levels?: Record<string, [number, number[], number[]]>;
}

const SIZE = 4;
const { cases, trained_betas: trainedBetas } = await readFixture<
  { cases: Case[]; trained_betas: number[] }
>("scheduler_parity.json");

/** 0.2 sin(x_i + 0.7 x_(i+1) + 3 timestep/1000 + i). */
function network(x: Float64Array, timestep: number): Float64Array {
  return x.map((value, i) =>
    0.2 * Math.sin(value + 0.7 * x[(i + 1) % SIZE] + 3 * timestep / 1000 + i)
  );
}

function noiseOf({ numSteps, initialScale = 1 }: ScaledSchedule): Float64Array {
  return Float64Array.from({ length: (numSteps + 1) * SIZE }, (_, k) => {
    const t = Math.floor(k / SIZE), i = k % SIZE;
    return (t === numSteps ? initialScale : 1) * 1.4 * Math.sin(1.7 * t + 2.3 * i + 1);
  });
}

function scheduleOf(
  { class: name, settings, eta, mu, pipeline }: Case,
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

function predictionTypeOf({ class: name, settings }: Case): PredictionType {
  if (name.startsWith("Flow")) return settings.invert_sigmas ? "inverted_flow" : "flow";
  return settings.prediction_type as PredictionType | undefined ?? "epsilon";
}

function denoiserOf(some: Case, schedule: ScaledSchedule): Denoiser {
  const { settings, class: name } = some;
  const weights = outputWeights(schedule, predictionTypeOf(some));
  const denoiser: Denoiser = {
    rowSize: SIZE,
    predictNoise(latents, steps, out) {
      steps.forEach((t, row) => {
        const x = latents.subarray(row * SIZE, (row + 1) * SIZE);
        const output = network(x.map((v) => schedule.inputScale[t] * v), schedule.timesteps[t]);
        output.forEach((m, i) =>
          out[row * SIZE + i] = weights.latent[t] * x[i] + weights.output[t] * m
        );
      });
      return Promise.resolve();
    },
  };
  if (name.startsWith("DPM")) return secondOrder(denoiser, { schedule });
  const clips = /^DD/.test(name) && settings.clip_sample !== false;
  if (!clips) return denoiser;
  return clipSample(denoiser, {
    schedule,
    keepNoise: name === "DDIMScheduler",
    ...(settings.thresholding
      ? { thresholding: { sampleMaxValue: settings.sample_max_value as number } }
      : { clipSampleRange: settings.clip_sample_range as number | undefined }),
  });
}

for (const some of cases) {
  const { class: name, settings, eta, mu, pipeline } = some;
  const title = `${name} ${JSON.stringify({ ...settings, eta, mu, pipeline })}`;
  Deno.test(`sequentialSample() equals diffusers' ${title}`, async () => {
    assert.ok(Object.keys(some.latents).length >= 5);
    for (const [count, wanted] of Object.entries(some.latents)) {
      const schedule = scheduleOf(some, Number(count)), noise = noiseOf(schedule);
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
  { settings }: Case,
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

/** @param tolerance of the difference to the largest value */
function assertNear(
  ours: ArrayLike<number>,
  wanted: number[],
  tolerance: number,
  what: string,
): void {
  assert.equal(ours.length, wanted.length, what);
  const scale = Math.max(...wanted.map(Math.abs));
  const worst = Math.max(...wanted.map((value, i) => Math.abs(ours[i] - value)));
  assert.ok(worst <= tolerance * scale, `${what}: ${worst / scale}`);
}
