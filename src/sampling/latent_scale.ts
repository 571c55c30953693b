/**
 * How large the latents of a chain are.
 * @module
 */
import type { Schedule } from "./schedules/schedule.ts";

/**
 * Scale of x_0 … x_T, `[T+1]`: what latents are divided by to be of unit scale, as the network of
 * the step below takes them. 1 everywhere for DDIM and flows, √(σ²+1) for Euler's chains.
 * Tolerances are relative to it, so that a chain is solved alike in any scale.
 */
export function latentScale({ inputScale }: Schedule): Float64Array {
  return Float64Array.of(1, ...inputScale.map((scale) => 1 / scale));
}
