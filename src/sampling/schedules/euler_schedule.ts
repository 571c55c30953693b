/**
 * Euler's method and its ancestral form on a diffusion model's latents x_0 + σ ε (Karras et al.,
 * "Elucidating the design space of diffusion-based generative models", 2022), equal to diffusers'
 * `EulerDiscreteScheduler` and `EulerAncestralDiscreteScheduler`.
 *
 * | paper | here |
 * |---|---|
 * | σ_t and σ′, the levels at the start and end of step t | `sigma[t]`, `after[t]` |
 * | x_(t+1) = x_0 + σ ε, so that x_0 = x_(t+1) − σ e with e = ε | `signal` and `clean` are 1 |
 * | input of the network: x/√(σ²+1) | `inputScale` |
 * | σ_up = √(σ′² (σ² − σ′²)/σ²), 0 for Euler | `n` |
 * | σ_down = √(σ′² − σ_up²) = σ′²/σ; σ′ for Euler | `lowered` |
 * | x_t = x_(t+1) + (σ_down − σ) e + σ_up ξ | `c`, `d`, `n` |
 *
 * Euler is DDIM at ᾱ = 1/(1+σ²) for x/√ᾱ; the ancestral form is DDPM.
 * @module
 */
import { ancestralScale } from "./ancestral.ts";
import { type EulerSigmaOptions, eulerSigmas } from "./euler_sigmas.ts";
import type { ScaledSchedule } from "./schedule.ts";

/** Options of {@link createEulerSchedule}. */
export interface EulerScheduleOptions extends EulerSigmaOptions {
  /** Adds noise at every step but the last. Default `false`. */
  ancestral?: boolean;
}

/**
 * The schedule of Euler's method on a diffusion model.
 *
 * x_T is noise of scale `initialScale`, see {@link drawNoise}. The network's input is x_(t+1) times
 * `inputScale[t]`.
 *
 * @throws {RangeError} if an option is out of its range, or levels are not descending
 * @example
 * ```ts
 * import { createEulerSchedule } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const schedule = createEulerSchedule({
 *   kind: "stable-diffusion",
 *   numInferenceSteps: 20,
 *   sigmaSpacing: "karras",
 * });
 * assert.ok(schedule.sigma[19] > 10 && schedule.sigma[0] < 0.1);
 * assert.deepEqual([schedule.c[5], schedule.n[5]], [1, 0]);
 * ```
 */
export function createEulerSchedule(
  options: EulerScheduleOptions,
): ScaledSchedule & Required<Pick<ScaledSchedule, "initialScale">> {
  const { sigma, timesteps, final, initialScale } = eulerSigmas(options);
  const after = Float64Array.of(final, ...sigma.subarray(0, -1));
  const one = sigma.map(() => 1), none = sigma.map(() => 0);
  const noiseScale = ancestralScale({ signal: one, sigma });
  const lowered = options.ancestral ? after.map((s, t) => t === 0 ? s : s * s / sigma[t]) : after;
  const alpha = (s: number) => 1 / (1 + s * s);
  return {
    ...{ numSteps: sigma.length, timesteps, initialScale },
    ...{ signal: one, sigma, clean: one, inputScale: sigma.map((s) => 1 / Math.sqrt(s * s + 1)) },
    ...{ alphasCumprod: sigma.map(alpha), alphasCumprodPrev: after.map(alpha) },
    ...{ c: one, d: lowered.map((s, t) => s - sigma[t]), n: options.ancestral ? noiseScale : none },
    noiseScale,
  };
}
