/**
 * Sampling in rounds, each over all steps of a window.
 * @module
 */
import { ParataaError } from "../errors.ts";
import type { Denoiser } from "./denoiser.ts";
import { type ResolvedOptions, resolveOptions, type SampleOptions } from "./options.ts";
import { ParaTaa } from "./parataa/parataa.ts";
import { predictSample } from "./predict_sample.ts";
import type { Round, SampleResult } from "./results.ts";
import type { Solver } from "./solver.ts";
import { checkFinite, row } from "./system.ts";
import { Tqn } from "./tqn/tqn.ts";

/**
 * Samples in rounds. Each round calls the denoiser once, for all steps of the window, and yields a
 * {@link Round}; the generator returns the result. At most T − r steps are unfinished after round
 * r, so T rounds always suffice. With tolerance 0 the trajectory equals that of
 * {@link sequentialSample}, bit for bit if the denoiser's rows do not depend on their batch.
 *
 * @throws {RangeError | TypeError} at the call, if an option is out of its range
 * @throws {NumericalError} while iterating, if the denoiser or the solver produces NaN or
 * infinity
 * @example
 * ```ts
 * import { createSchedule, parallelSample, sequentialSample } from "@parataa/parataa";
 * import { type Denoiser, TorchGenerator } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const schedule = createSchedule({ kind: "dit", numInferenceSteps: 20 });
 * const denoiser: Denoiser = { // exact for data drawn from N(0, 1/4)
 *   rowSize: 8,
 *   predictNoise(latents, steps, out) {
 *     for (let i = 0; i < out.length; i++) {
 *       const a = schedule.alphasCumprod[steps[Math.floor(i / 8)]];
 *       out[i] = Math.sqrt(1 - a) * latents[i] / (1 - 0.75 * a);
 *     }
 *     return Promise.resolve();
 *   },
 * };
 * const noise = new TorchGenerator(0).randn(21 * 8);
 *
 * const rounds = parallelSample(denoiser, { schedule, noise });
 * let next = await rounds.next();
 * for (; !next.done; next = await rounds.next()) assert.ok(next.value.finishedIndex < 20);
 * assert.ok(next.value.rounds < 20);
 *
 * const { sample } = await sequentialSample(denoiser, { schedule, noise });
 * assert.ok(sample.every((value, i) => Math.abs(value - next.value.sample[i]) < 1e-2));
 * ```
 */
export function parallelSample(
  denoiser: Denoiser,
  options: SampleOptions,
): AsyncGenerator<Round, SampleResult> {
  const resolved = resolveOptions(denoiser, options);
  return run(denoiser, resolved, createSolver(resolved));
}

function createSolver(options: ResolvedOptions): Solver {
  const { method } = options;
  if (typeof method === "function") return method(options);
  return method === "tqn" ? new Tqn(options) : new ParaTaa(options);
}

async function* run(
  denoiser: Denoiser,
  options: ResolvedOptions,
  solver: Solver,
): AsyncGenerator<Round, SampleResult> {
  const { rowSize, schedule, signal, maxRounds } = options;
  const { trajectory, window } = solver;
  let rounds = 0, nfe = 0;
  while (window.finished > 0 && rounds < maxRounds) {
    signal?.throwIfAborted();
    const { steps, latents, epsilon } = solver.ask();
    const { start: windowStart, end: windowEnd } = window;
    await denoiser.predictNoise(latents, steps, epsilon, signal);
    // The update may overwrite latents and epsilon.
    const predicted = windowStart === 0
      ? undefined
      : predictSample(schedule, steps[0], { x: latents, epsilon, rowSize });
    const residuals = solver.update();
    rounds++;
    nfe += steps.length;
    checkProgress(options, { rounds, nfe, advanced: windowEnd - window.finished });
    const sample = trajectory.slice(0, rowSize);
    checkFinite(sample, "the latent", { t: 0, round: rounds });
    const evaluations = steps.length, finishedIndex = window.finished;
    const round = { round: rounds, finishedIndex, windowStart, windowEnd, evaluations, residuals };
    yield { ...round, sample, estimate: predicted ?? sample };
  }
  for (let t = 0; t < options.variationSteps; t++) {
    checkFinite(row(trajectory, t, rowSize), "the latent", { t, round: rounds });
  }
  const sample = trajectory.slice(0, rowSize);
  const converged = window.finished === 0, { doubt } = solver, trusted = converged && !doubt;
  const counts = { rounds, nfe, converged, trusted, ...(doubt ? { doubt } : {}) };
  return { sample, trajectory: finalTrajectory(solver), ...counts };
}

/** x_0 … x_T of a solver that is not used any more. */
function finalTrajectory(solver: Solver): Float64Array {
  if (!solver[Symbol.dispose]) return solver.trajectory;
  const trajectory = solver.trajectory.slice();
  solver[Symbol.dispose]!();
  return trajectory;
}

/** Checks the bounds that the built-in methods guarantee; a violation is a bug in parataa. */
function checkProgress(
  { schedule, windowSize, method }: ResolvedOptions,
  { rounds, nfe, advanced }: Record<"rounds" | "nfe" | "advanced", number>,
): void {
  if (typeof method === "function") return;
  if (advanced >= 1 && rounds <= schedule.numSteps && nfe <= schedule.numSteps * windowSize) return;
  throw new ParataaError(
    `round ${rounds} finished ${advanced} steps after ${nfe} evaluations, wanted at least 1 step, ` +
      `${schedule.numSteps} rounds and ${schedule.numSteps * windowSize} evaluations at most`,
  );
}
