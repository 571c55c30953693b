/**
 * The levels of DPM-Solver++ 2M, equal to those of diffusers'
 * `DPMSolverMultistepScheduler.set_timesteps`. Its steps are DDIM's with a denoiser wrapped by
 * {@link secondOrder}.
 *
 * The class chooses T + 1 levels and drops the lowest, except with `trailing` spacing. Timesteps
 * are whole training levels, even if the sigma lies between two.
 * @module
 */
import { alphasCumprod, checkLevels } from "./alphas_cumprod.ts";
import { checkInteger } from "../arguments.ts";
import { type EulerSigmaOptions, eulerSigmas, MIN_ALPHA } from "./euler_sigmas.ts";
import { ddimSteps, type Schedule } from "./schedule.ts";
import { type SchedulerConfig, schedulerConfig } from "./scheduler_config.ts";
import { customTimesteps, visitedTimesteps } from "./timestep_spacing.ts";

/**
 * Options of {@link createMultistepSchedule}: at most one of `sigmaSpacing`, `sigmas` and
 * `timesteps`.
 */
export type MultistepScheduleOptions = Omit<
  EulerSigmaOptions,
  "finalSigma" | "sigmaMin" | "sigmaMax"
>;

/**
 * The schedule of DPM-Solver++ 2M without its second order. x_T is standard normal noise.
 *
 * @throws {RangeError} if an option is out of its range, or levels are not descending
 * @example
 * ```ts
 * import { createMultistepSchedule } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const kind = "stable-diffusion", numInferenceSteps = 20;
 * assert.equal(createMultistepSchedule({ kind, numInferenceSteps }).timesteps[19], 941);
 * const karras = createMultistepSchedule({ kind, numInferenceSteps, sigmaSpacing: "karras" });
 * assert.equal(karras.timesteps[19], 999);
 * ```
 */
export function createMultistepSchedule(options: MultistepScheduleOptions): Schedule {
  const { kind, numInferenceSteps: numSteps, precision = "float64", sigmaSpacing } = options;
  const config = schedulerConfig(kind, options);
  const levels = alphasCumprod(config, precision);
  checkLevels(levels, config);
  if (sigmaSpacing !== undefined || options.sigmas) return spaced(options, levels);
  const timesteps = options.timesteps
    ? customTimesteps(options.timesteps, { levels: config.numTrainTimesteps, count: numSteps })
    : multistepLevels(config, numSteps);
  const now = Float64Array.from(timesteps, (level) => levels[level] || MIN_ALPHA);
  return ddimSteps({ timesteps, now });
}

/** Levels spaced by σ between the highest and the lowest training level, or custom ones. */
function spaced(options: MultistepScheduleOptions, levels: Float64Array): Schedule {
  const sigmaOf = (a: number) => Math.sqrt((1 - a) / a);
  const limits = options.sigmas ? {} : {
    sigmaMin: sigmaOf(levels[0]),
    sigmaMax: sigmaOf(levels[levels.length - 1] || MIN_ALPHA),
  };
  const { sigma, timesteps } = eulerSigmas({ ...options, ...limits });
  // torch's conversion to int64 truncates; diffusers rounds Karras' levels, except with a cosine.
  const rounds = options.sigmaSpacing === "karras" && options.betaSchedule !== "squaredcos_cap_v2";
  const whole = rounds || options.sigmas ? Math.round : Math.trunc;
  return ddimSteps({
    timesteps: Int32Array.from(timesteps, whole),
    now: sigma.map((s) => 1 / (1 + s * s)),
  });
}

function multistepLevels(config: SchedulerConfig, numSteps: number): Int32Array {
  if (config.timestepSpacing === "trailing") return visitedTimesteps(config, numSteps);
  checkInteger("numInferenceSteps", numSteps, 1, config.numTrainTimesteps - 1 - config.stepsOffset);
  return visitedTimesteps(config, numSteps + 1).subarray(1);
}
