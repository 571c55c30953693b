/**
 * A trajectory for a finished sample that has none.
 * @module
 */
import { checkRows } from "./arguments.ts";
import type { Schedule } from "./schedule.ts";
import { row } from "./system.ts";

/** What {@link renoise} takes beside the latent. */
export interface RenoiseOptions {
  /** Chain whose levels the latent is put at. */
  schedule: Schedule;
  /** `[T+1, rowSize]`, the noise of the run that will start from the trajectory; row T is used. */
  noise: Float64Array;
}

/**
 * x_(t+1) = √ᾱ_t x_0 + √(1−ᾱ_t) ξ_T: the latent at every level of the schedule, along one noise as DDIM keeps it. The top row is ξ_T itself.
 *
 * @param latent x_0, `[rowSize]`
 * @returns `[T+1, rowSize]`, for `initialTrajectory`
 * @throws {RangeError} when an array has the wrong length or is not finite
 *
 * @example
 * ```ts
 * import { createSchedule, renoise } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const schedule = createSchedule({ kind: "dit", numInferenceSteps: 2 });
 * const trajectory = renoise(Float64Array.of(3), { schedule, noise: Float64Array.of(0, 0, 0.5) });
 * assert.equal(trajectory[0], 3);
 * assert.equal(trajectory[2], 0.5);
 * ```
 */
export function renoise(latent: Float64Array, { schedule, noise }: RenoiseOptions): Float64Array {
  const { numSteps, alphasCumprod } = schedule, rowSize = latent.length;
  checkRows("latent", latent, 1, rowSize);
  checkRows("noise", noise, numSteps + 1, rowSize);
  const top = row(noise, numSteps, rowSize);
  const trajectory = new Float64Array(noise.length);
  trajectory.set(latent);
  for (let t = 0; t < numSteps - 1; t++) {
    const signal = Math.sqrt(alphasCumprod[t]), spread = Math.sqrt(1 - alphasCumprod[t]);
    const x = row(trajectory, t + 1, rowSize);
    for (let i = 0; i < rowSize; i++) x[i] = signal * latent[i] + spread * top[i];
  }
  trajectory.set(top, numSteps * rowSize);
  return trajectory;
}
