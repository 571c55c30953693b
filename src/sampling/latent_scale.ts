/**
 * The scale of the latents of a chain.
 * @module
 */
import type { Schedule } from "./schedules/schedule.ts";

/**
 * Scale of x_0 … x_T, `[T+1]`. A latent divided by its scale is at unit scale, as the network takes
 * it: the scale is 1 for DDIM and flows, √(σ²+1) for Euler's chains. Tolerances are relative to it,
 * so that the rounds of a chain do not depend on the scale of its latents.
 */
export function latentScale({ inputScale }: Schedule): Float64Array {
  return Float64Array.of(1, ...inputScale.map((scale) => 1 / scale));
}
