/**
 * Sampling in one call.
 * @module
 */
import type { Denoiser } from "./denoiser.ts";
import type { SampleOptions } from "./options.ts";
import { parallelSample } from "./parallel_sampler.ts";
import type { Round, SampleResult } from "./results.ts";

/** Options of {@link solve}: those of {@link parallelSample}, and a callback. */
export interface SolveOptions extends SampleOptions {
  /** Called and awaited after every round. */
  onRound?(round: Round): void | Promise<void>;
}

/**
 * Samples in parallel and returns the result. The default preset is `fast`.
 * {@link parallelSample} is a generator of rounds and can be stopped between two of them.
 *
 * @throws {RangeError | TypeError} if an option is out of its range
 * @throws {NumericalError} if the denoiser or the solver produces NaN or infinity
 * @example
 * ```ts
 * import { createSchedule, solve, TorchGenerator } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const schedule = createSchedule({ kind: "dit", numInferenceSteps: 20 });
 * const denoiser = { // exact for data drawn from N(0, 1/4)
 *   rowSize: 8,
 *   predictNoise(latents: Float64Array, steps: Int32Array, out: Float64Array) {
 *     for (let i = 0; i < out.length; i++) {
 *       const a = schedule.alphasCumprod[steps[Math.floor(i / 8)]];
 *       out[i] = Math.sqrt(1 - a) * latents[i] / (1 - 0.75 * a);
 *     }
 *     return Promise.resolve();
 *   },
 * };
 * const noise = new TorchGenerator(0).randn(21 * 8);
 * const { sample, rounds, nfe } = await solve(denoiser, { schedule, noise });
 * assert.equal(sample.length, 8);
 * assert.ok(rounds < 20 && nfe >= rounds);
 * ```
 */
export async function solve(denoiser: Denoiser, options: SolveOptions): Promise<SampleResult> {
  const { onRound, ...rest } = options;
  const rounds = parallelSample(denoiser, { preset: "fast", ...rest });
  for (;;) {
    const { done, value } = await rounds.next();
    if (done) return value;
    await onRound?.(value);
  }
}
