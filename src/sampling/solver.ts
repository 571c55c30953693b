/**
 * What the methods of parallel sampling have in common.
 * @module
 */
import { row } from "./system.ts";

/**
 * What the network is asked in a round. `epsilon` is filled by the denoiser before
 * {@link Solver.update}.
 */
export interface Questions {
  /** Schedule indexes, ascending. */
  readonly steps: Int32Array;
  /** `[steps, rowSize]`, x_(t+1) of every step. */
  readonly latents: Float64Array;
  /** `[steps, rowSize]`, where the predicted noise goes. */
  readonly epsilon: Float64Array;
}

/** The steps that a solver works on, as the sampler reads them after `ask` and after `update`. */
export interface SolverWindow {
  /** f: x_f … x_T are final. The chain is solved at 0. */
  readonly finished: number;
  /** Lowest step of the round, inclusive. */
  readonly start: number;
  /** Highest step of the round, exclusive. */
  readonly end: number;
}

/**
 * One method at work on one sample: rounds of `ask` and `update` until `window.finished` is 0.
 *
 * {@link parallelSample} calls `ask`, has the denoiser fill `epsilon`, calls `update`, and reports
 * the round. It ends after `maxRounds` rounds, T by default, solved or not. The built-in methods
 * finish at least one step a round.
 *
 * @example A solver that takes one step a round, which is sequential sampling
 * ```ts
 * import { createSchedule, parallelSample, type Solver, type SolverProblem } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * function oneByOne({ schedule, noise, rowSize }: SolverProblem): Solver {
 *   const trajectory = noise.slice(), epsilon = new Float64Array(rowSize);
 *   const row = (t: number) => trajectory.subarray(t * rowSize, (t + 1) * rowSize);
 *   const window = { start: schedule.numSteps, end: schedule.numSteps, finished: schedule.numSteps };
 *   return {
 *     ...{ trajectory, window },
 *     ask() {
 *       window.end = window.finished;
 *       window.start = window.finished - 1;
 *       return { steps: Int32Array.of(window.start), latents: row(window.end), epsilon };
 *     },
 *     update() {
 *       const t = window.finished = window.start;
 *       row(t).forEach((xi, i) => {
 *         row(t)[i] = schedule.c[t] * row(t + 1)[i] + schedule.d[t] * epsilon[i] + schedule.n[t] * xi;
 *       });
 *       return Float64Array.of(0);
 *     },
 *   };
 * }
 *
 * const denoiser = { rowSize: 1, predictNoise: (_x: unknown, _t: unknown, out: Float64Array) => Promise.resolve(void out.fill(0.5)) };
 * const schedule = createSchedule({ kind: "dit", numInferenceSteps: 4 });
 * const noise = Float64Array.of(0, 0, 0, 0, 1);
 * let rounds = 0;
 * for await (const { round } of parallelSample(denoiser, { schedule, noise, method: oneByOne })) rounds = round;
 * assert.equal(rounds, 4);
 * ```
 */
export interface Solver {
  /** x_0 … x_T, `[T+1, rowSize]`. */
  readonly trajectory: Float64Array;
  /** The steps in work. */
  readonly window: SolverWindow;
  /** Begins a round: moves the window and says what to evaluate. */
  ask(): Questions;
  /**
   * Ends the round with the answers in place; returns the rms residual of every step of the window,
   * NaN where it is not known.
   */
  update(): Float64Array;
}

/** What a trajectory starts from. */
export interface FirstTrajectory {
  schedule: { numSteps: number };
  /** `[T+1, rowSize]`, row T the initial latent. */
  noise: Float64Array;
  rowSize: number;
  /** `[T+1, rowSize]`, taken in its place. */
  initialTrajectory?: Float64Array;
}

/** The caller's trajectory, else zeros below x_T. */
export function firstTrajectory(
  { initialTrajectory, noise, rowSize, schedule }: FirstTrajectory,
): Float64Array {
  if (initialTrajectory) return initialTrajectory.slice();
  const trajectory = new Float64Array(noise.length);
  trajectory.set(row(noise, schedule.numSteps, rowSize), schedule.numSteps * rowSize);
  return trajectory;
}
