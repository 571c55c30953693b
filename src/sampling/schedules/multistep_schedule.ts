/**
 * The levels that DPM-Solver++ 2M visits, as diffusers' `DPMSolverMultistepScheduler.set_timesteps`
 * gives them. Its steps are DDIM's, of a denoiser wrapped by {@link secondOrder}.
 *
 * The class chooses T + 1 levels and leaves out the lowest, except for `trailing` spacing. It tells
 * the network whole training levels also where a spacing of sigmas lies between two.
 * @module
 */
import { alphasCumprod, checkLevels } from "./alphas_cumprod.ts";
import { checkInteger } from "../arguments.ts";
import { type EulerSigmaOptions, eulerSigmas, LEAST_ALPHA } from "./euler_sigmas.ts";
import { ddimSteps, type Schedule } from "./schedule.ts";
import { type SchedulerConfig, schedulerConfig } from "./scheduler_config.ts";
import { ownTimesteps, visitedTimesteps } from "./timestep_spacing.ts";

/** What {@link createMultistepSchedule} takes: one of the three ways to choose levels at most. */
export type MultistepScheduleOptions = Omit<
  EulerSigmaOptions,
  "finalSigma" | "sigmaMin" | "sigmaMax"
>;

/**
 * The steps of DPM-Solver++ 2M but for the second order; x_T is standard normal noise.
 *
 * @throws {RangeError} when an option is out of its range, or levels are not descending
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
    ? ownTimesteps(options.timesteps, { levels: config.numTrainTimesteps, count: numSteps })
    : multistepLevels(config, numSteps);
  const now = Float64Array.from(timesteps, (level) => levels[level] || LEAST_ALPHA);
  return ddimSteps({ timesteps, now });
}

/** Levels by their σ, between the highest and the lowest one of training. */
function spaced(options: MultistepScheduleOptions, levels: Float64Array): Schedule {
  const sigmaOf = (a: number) => Math.sqrt((1 - a) / a);
  const limits = options.sigmas ? {} : {
    sigmaMin: sigmaOf(levels[0]),
    sigmaMax: sigmaOf(levels[levels.length - 1] || LEAST_ALPHA),
  };
  const { sigma, timesteps } = eulerSigmas({ ...options, ...limits });
  // torch's conversion to int64 truncates; Karras' levels are rounded before it, but not a cosine's.
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
