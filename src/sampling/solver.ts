/**
 * What the methods of parallel sampling have in common.
 * @module
 */
import type { ResolvedOptions } from "./options.ts";
import { row } from "./system.ts";
import type { Window } from "./window.ts";

/** What the network is asked in a round. */
export interface Questions {
  /** Schedule indexes, ascending. */
  readonly steps: Int32Array;
  /** `[steps, rowSize]`, x_(t+1) of every step. */
  readonly latents: Float64Array;
  /** `[steps, rowSize]`, where the predicted noise goes. */
  readonly epsilon: Float64Array;
}

/** One method at work on one sample: rounds of `ask` and `update` until `window.finished` is 0. */
export interface Solver {
  /** x_0 … x_T, `[T+1, rowSize]`. */
  readonly trajectory: Float64Array;
  /** The steps in work. */
  readonly window: Window;
  /** Begins a round: moves the window and says what to evaluate. */
  ask(): Questions;
  /** Ends the round with the answers in place; returns the rms residual of every step of the window. */
  update(): Float64Array;
}

/** What a trajectory starts from. */
export type FirstTrajectory = Pick<
  ResolvedOptions,
  "initialTrajectory" | "noise" | "rowSize" | "schedule"
>;

/** The caller's trajectory, else zeros below x_T. */
export function firstTrajectory(
  { initialTrajectory, noise, rowSize, schedule }: FirstTrajectory,
): Float64Array {
  if (initialTrajectory) return initialTrajectory.slice();
  const trajectory = new Float64Array(noise.length);
  trajectory.set(row(noise, schedule.numSteps, rowSize), schedule.numSteps * rowSize);
  return trajectory;
}
