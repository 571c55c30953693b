/**
 * Sampling one step after the other: the baseline of the parallel samplers.
 * @module
 */
import { checkInteger, checkRows } from "./arguments.ts";
import { checkSameChain, type Denoiser } from "./denoiser.ts";
import type { SampleResult } from "./results.ts";
import type { Schedule } from "./schedules/schedule.ts";
import { firstTrajectory } from "./solver.ts";
import { checkFinite, row, step } from "./system.ts";

/** Options of {@link sequentialSample}. */
export interface SequentialOptions {
  /** The steps, from {@link createSchedule}. */
  schedule: Schedule;
  /** `[T+1, rowSize]`: row T is x_T, row t < T the noise ξ_t that step t adds. */
  noise: Float64Array;
  /** Warm start: `[T+1, rowSize]`, a trajectory of the same noise. Copied, not changed. */
  initialTrajectory?: Float64Array;
  /**
   * Warm start: x_t of the trajectory is kept for t ≥ this, and the steps below are sampled; 1 … T,
   * default T.
   */
  variationSteps?: number;
  /** Aborts between two network calls; passed to the denoiser too. */
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
 * const zero = {
 *   rowSize: 1,
 *   predictNoise(_x: unknown, _t: unknown, out: Float64Array) {
 *     out.fill(0);
 *     return Promise.resolve();
 *   },
 * };
 * const result = await sequentialSample(zero, { schedule, noise: Float64Array.of(0, 0, 0, 0, 1) });
 * assert.equal(result.nfe, 4);
 * ```
 */
export async function sequentialSample(
  denoiser: Denoiser,
  options: SequentialOptions,
): Promise<SampleResult> {
  const { schedule, noise, initialTrajectory, signal } = options;
  const { numSteps } = schedule, { rowSize } = denoiser;
  const { variationSteps: first = numSteps } = options;
  checkSameChain(denoiser, schedule);
  checkRows("noise", noise, numSteps + 1, rowSize);
  if (initialTrajectory) checkRows("initialTrajectory", initialTrajectory, numSteps + 1, rowSize);
  checkInteger("variationSteps", first, initialTrajectory ? 1 : numSteps, numSteps);
  const trajectory = firstTrajectory({ initialTrajectory, noise, rowSize, schedule });
  const epsilon = new Float64Array(rowSize);
  for (let t = first - 1; t >= 0; t--) {
    signal?.throwIfAborted();
    const x = row(trajectory, t + 1, rowSize), out = row(trajectory, t, rowSize);
    await denoiser.predictNoise(x, Int32Array.of(t), epsilon, signal);
    checkFinite(epsilon, "the predicted noise", { t, round: first - t });
    step(schedule, t, { x, epsilon, xi: row(noise, t, rowSize), out });
  }
  const sample = trajectory.slice(0, rowSize);
  return { sample, trajectory, rounds: first, nfe: first, converged: true, trusted: true };
}
