/**
 * Euler's method on rectified flows (Esser et al., "Scaling rectified flow transformers", 2024), as
 * in diffusers' `FlowMatchEulerDiscreteScheduler` for Stable Diffusion 3, FLUX and Qwen-Image.
 *
 * | paper | here |
 * |---|---|
 * | σ_t, σ′ = σ_(t−1): levels at the start and end of step t; σ_(−1) = 0 | `sigma`, `after` |
 * | x_(t+1) = (1−σ) x_0 + σ ε | `signal` is 1 − σ |
 * | e = v = ε − x_0, so that x_0 = x_(t+1) − σ v | `clean` is 1 |
 * | Euler: x_t = x_(t+1) + (σ′ − σ) v | `c`, `d`, n = 0 |
 * | stochastic: x_t = (1−σ′) (x_(t+1) − σ v) + σ′ ξ | `c`, `d`, n = σ′ |
 *
 * This is DDIM at ᾱ = (1−σ)²/((1−σ)² + σ²) for rescaled latents, except for the step from σ = 1,
 * where ε does not determine x_0.
 * @module
 */
import { ancestralScale } from "./ancestral.ts";
import { type FlowSigmaOptions, flowSigmas } from "./flow_sigmas.ts";
import type { Schedule } from "./schedule.ts";

/** Options of {@link createFlowSchedule}. */
export interface FlowScheduleOptions extends FlowSigmaOptions {
  /**
   * The network's timestep is 1 − σ and it predicts x_0 − ε, like Mochi's: its `predictionType` for
   * {@link outputWeights} is `inverted_flow`. The steps do not change. Default `false`.
   */
  invertSigmas?: boolean;
  /** Replaces all noise at every step. Default `false`. */
  stochasticSampling?: boolean;
}

/**
 * The schedule of Euler's method on a rectified flow. x_T is standard normal noise; the network's
 * timestep is `numTrainTimesteps` σ.
 *
 * @throws {RangeError} if an option is out of its range, or levels are not descending
 * @example Stable Diffusion 3's 28 steps
 * ```ts
 * import { createFlowSchedule } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const schedule = createFlowSchedule({ numInferenceSteps: 28, shift: 3 });
 * assert.equal(schedule.timesteps[27], 1000);
 * assert.equal(schedule.d[27], schedule.sigma[26] - 1);
 * ```
 */
export function createFlowSchedule(options: FlowScheduleOptions): Schedule {
  const { invertSigmas = false, stochasticSampling = false, numTrainTimesteps = 1000 } = options;
  const sigma = flowSigmas(options), after = Float64Array.of(0, ...sigma.subarray(0, -1));
  const signal = sigma.map((s) => 1 - s), one = sigma.map(() => 1);
  return {
    numSteps: sigma.length,
    timesteps: (invertSigmas ? signal : sigma).map((level) => numTrainTimesteps * level),
    ...{ signal, sigma, clean: one, inputScale: one },
    ...{ alphasCumprod: sigma.map(equivalentAlpha), alphasCumprodPrev: after.map(equivalentAlpha) },
    ...(stochasticSampling ? stochastic(sigma, after) : euler(sigma, after)),
    noiseScale: ancestralScale({ signal, sigma }),
  };
}

/** Tolerance of a sum of two levels that must be 1. */
const ROUNDING = 1e-6;

/** Whether the schedule is a flow's: x_(t+1) = (1−σ) x_0 + σ ε at every step. */
export function isFlow({ signal, sigma }: Pick<Schedule, "signal" | "sigma">): boolean {
  return signal.every((a, t) => Math.abs(a + sigma[t] - 1) <= ROUNDING);
}

/** ᾱ with the same signal-to-noise ratio. */
function equivalentAlpha(sigma: number): number {
  return (1 - sigma) ** 2 / ((1 - sigma) ** 2 + sigma ** 2);
}

type Steps = Pick<Schedule, "c" | "d" | "n">;

function euler(sigma: Float64Array, after: Float64Array): Steps {
  return { c: sigma.map(() => 1), d: after.map((s, t) => s - sigma[t]), n: sigma.map(() => 0) };
}

function stochastic(sigma: Float64Array, after: Float64Array): Steps {
  return { c: after.map((s) => 1 - s), d: after.map((s, t) => -(1 - s) * sigma[t]), n: after };
}
