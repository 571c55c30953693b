/**
 * Sampling one step after the other: what the parallel samplers must agree with.
 * @module
 */
import { checkRows } from "./arguments.ts";
import type { Denoiser } from "./denoiser.ts";
import type { SampleResult } from "./results.ts";
import type { Schedule } from "./schedule.ts";
import { checkFinite, row, step } from "./system.ts";

/** What {@link sequentialSample} takes. */
export interface SequentialOptions {
  /** The steps, from {@link createSchedule}. */
  schedule: Schedule;
  /** `[T+1, rowSize]`: row T is x_T, row t the noise ξ_t that step t adds. */
  noise: Float64Array;
  /** Stops between two steps; the denoiser gets it too. */
  signal?: AbortSignal;
}

/**
 * DDIM or DDPM sampling in T network calls.
 *
 * @throws {NumericalError} when the denoiser returns NaN or infinity
 * @throws {RangeError} when `noise` has the wrong length or is not finite
 * @example
 * ```ts
 * import { createSchedule, sequentialSample } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const schedule = createSchedule({ kind: "dit", numInferenceSteps: 4 });
 * const zero = { rowSize: 1, predictNoise: (_x: unknown, _t: unknown, out: Float64Array) => Promise.resolve(void out.fill(0)) };
 * const result = await sequentialSample(zero, { schedule, noise: Float64Array.of(0, 0, 0, 0, 1) });
 * assert.equal(result.nfe, 4);
 * ```
 */
export async function sequentialSample(
  denoiser: Denoiser,
  { schedule, noise, signal }: SequentialOptions,
): Promise<SampleResult> {
  const { numSteps } = schedule, { rowSize } = denoiser;
  checkRows("noise", noise, numSteps + 1, rowSize);
  const trajectory = new Float64Array(noise.length);
  const epsilon = new Float64Array(rowSize);
  trajectory.set(row(noise, numSteps, rowSize), numSteps * rowSize);
  for (let t = numSteps - 1; t >= 0; t--) {
    signal?.throwIfAborted();
    const x = row(trajectory, t + 1, rowSize), out = row(trajectory, t, rowSize);
    await denoiser.predictNoise(x, Int32Array.of(t), epsilon, signal);
    checkFinite(epsilon, "the predicted noise", { t, round: numSteps - t });
    step(schedule, t, { x, epsilon, xi: row(noise, t, rowSize), out });
  }
  const sample = trajectory.slice(0, rowSize);
  return { sample, trajectory, rounds: numSteps, nfe: numSteps, converged: true };
}
