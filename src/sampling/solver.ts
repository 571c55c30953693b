/**
 * The interface of the methods of parallel sampling.
 * @module
 */
import { row } from "./system.ts";

/** The evaluations that a solver requests in a round. */
export interface EvaluationRequest {
  /** Schedule indexes, ascending. */
  readonly steps: Int32Array;
  /** `[steps, rowSize]`, x_(t+1) of every step. */
  readonly latents: Float64Array;
  /** `[steps, rowSize]`: the denoiser fills it with the predicted noise before `update`. */
  readonly epsilon: Float64Array;
}

/** The window of a solver. The sampler reads it after `ask` and after `update`. */
export interface SolverWindow {
  /** f: x_f … x_T are final; 0 when the chain is solved. */
  readonly finished: number;
  /** Lowest step of the round, inclusive. */
  readonly start: number;
  /** Highest step of the round, exclusive. */
  readonly end: number;
}

/**
 * A method's state for one sample: rounds of `ask` and `update` until `window.finished` is 0.
 *
 * {@link parallelSample} calls `ask`, has the denoiser fill `epsilon`, calls `update`, and yields
 * the round. It ends after `maxRounds` rounds, T by default, even if the chain is not solved. The
 * built-in methods finish at least one step per round.
 *
 * @example A solver that takes one step per round, which is sequential sampling
 * ```ts
 * import { createSchedule, solve, type Solver, type SolverProblem } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * function stepwise({ schedule, noise, rowSize }: SolverProblem): Solver {
 *   const trajectory = noise.slice(), epsilon = new Float64Array(rowSize);
 *   const row = (t: number) => trajectory.subarray(t * rowSize, (t + 1) * rowSize);
 *   const { c, d, n, numSteps } = schedule;
 *   const window = { start: numSteps, end: numSteps, finished: numSteps };
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
 *         row(t)[i] = c[t] * row(t + 1)[i] + d[t] * epsilon[i] + n[t] * xi;
 *       });
 *       return Float64Array.of(0);
 *     },
 *   };
 * }
 *
 * const denoiser = {
 *   rowSize: 1,
 *   predictNoise(_x: unknown, _t: unknown, out: Float64Array) {
 *     out.fill(0.5);
 *     return Promise.resolve();
 *   },
 * };
 * const schedule = createSchedule({ kind: "dit", numInferenceSteps: 4 });
 * const noise = Float64Array.of(0, 0, 0, 0, 1);
 * const { rounds } = await solve(denoiser, { schedule, noise, method: stepwise });
 * assert.equal(rounds, 4);
 * ```
 */
export interface Solver {
  /** x_0 … x_T, `[T+1, rowSize]`. */
  readonly trajectory: Float64Array;
  /** The current window. */
  readonly window: SolverWindow;
  /** Why the sample may differ from the sequential one by more than the tolerance suggests. */
  readonly doubt?: string;
  /** Begins a round: moves the window and returns the evaluations to be made. */
  ask(): EvaluationRequest;
  /**
   * Ends a round after `epsilon` has been filled; returns the rms residual of every step of the
   * window, NaN if unknown.
   */
  update(): Float64Array;
  /** Gives memory back after the last round; the sampler copies `trajectory` before. */
  [Symbol.dispose]?(): void;
}

/** Options of {@link firstTrajectory}. */
export interface FirstTrajectoryOptions {
  schedule: { numSteps: number };
  /** `[T+1, rowSize]`, row T the initial latent. */
  noise: Float64Array;
  rowSize: number;
  /** `[T+1, rowSize]`, copied if given. */
  initialTrajectory?: Float64Array;
}

/** Writes the initial trajectory, or x_T, to `trajectory`, which is zeros, and returns it. */
export function firstTrajectory(
  { initialTrajectory, noise, rowSize, schedule }: FirstTrajectoryOptions,
  trajectory: Float64Array = new Float64Array(noise.length),
): Float64Array {
  if (initialTrajectory) trajectory.set(initialTrajectory);
  else trajectory.set(row(noise, schedule.numSteps, rowSize), schedule.numSteps * rowSize);
  return trajectory;
}
