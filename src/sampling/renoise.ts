/**
 * Trajectories for warm starts from a latent.
 * @module
 */
import { checkRows } from "./arguments.ts";
import type { ScaledSchedule } from "./schedules/schedule.ts";
import { row } from "./system.ts";

/** Options of {@link renoise}. */
export interface RenoiseOptions {
  /** The noise levels. */
  schedule: ScaledSchedule;
  /** `[T+1, rowSize]`, the noise of the run that will start from the trajectory; row T is used. */
  noise: Float64Array;
}

/**
 * The trajectory x_(t+1) = signal_t x_0 + sigma_t ξ of a latent x_0, where ξ is x_T at unit scale:
 * one noise at all levels, as in DDIM. The top row is x_T itself.
 *
 * @param latent x_0, `[rowSize]`
 * @returns `[T+1, rowSize]`, for `initialTrajectory`
 * @throws {RangeError} if an array has the wrong length or is not finite
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
  const { numSteps, signal, sigma, initialScale = 1 } = schedule, rowSize = latent.length;
  checkRows("latent", latent, 1, rowSize);
  checkRows("noise", noise, numSteps + 1, rowSize);
  const top = row(noise, numSteps, rowSize);
  const trajectory = new Float64Array(noise.length);
  trajectory.set(latent);
  for (let t = 0; t < numSteps - 1; t++) {
    const x = row(trajectory, t + 1, rowSize), spread = sigma[t] / initialScale;
    for (let i = 0; i < rowSize; i++) x[i] = signal[t] * latent[i] + spread * top[i];
  }
  trajectory.set(top, numSteps * rowSize);
  return trajectory;
}
