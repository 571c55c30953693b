/**
 * Which steps of the window a round evaluates: few in the first rounds, later all but every second
 * far step.
 * @module
 */
import type { ResolvedOptions } from "../options.ts";
import type { SlidingWindow } from "../window.ts";
import type { Evaluations } from "./evaluations.ts";

/** The steps chosen in one run. */
export class StepChoice {
  readonly #options: ResolvedOptions;
  readonly #evaluations: Evaluations;
  /** Round in which step t was last skipped; 0 for never. */
  readonly #skipped: Int32Array;

  /** @param evaluations those of the run */
  constructor(options: ResolvedOptions, evaluations: Evaluations) {
    this.#options = options;
    this.#evaluations = evaluations;
    this.#skipped = new Int32Array(options.schedule.numSteps);
  }

  /** Steps of a round, the first of which is round 1; ascending. */
  ofRound(round: number, window: SlidingWindow): Int32Array {
    const { tqn: { strides, start, skipRadius }, initialTrajectory } = this.#options;
    const startsAtTop = round === 1 && start === "top" && !initialTrajectory;
    if (startsAtTop) return Int32Array.of(window.end - 1);
    const stride = strides[round - 1];
    if (stride === undefined && skipRadius > 0) return this.#notSkipped(round, window);
    return everyStep(window, stride);
  }

  /**
   * The steps of the window without every second far step. No step is skipped in two consecutive
   * rounds, and the highest step is never skipped.
   */
  #notSkipped(round: number, window: SlidingWindow): Int32Array {
    return everyStep(window).filter((t) => {
      const skip = t < window.end - 1 && this.#isFar(t) && (t + round) % 2 === 0 &&
        this.#skipped[t] !== round - 1;
      if (skip) this.#skipped[t] = round;
      return !skip;
    });
  }

  #isFar(t: number): boolean {
    const { schedule, tqn } = this.#options;
    return this.#evaluations.has(t) &&
      this.#evaluations.lastMove(t) > tqn.skipRadius * schedule.sigma[t];
  }
}

/** Every `stride`-th step of the window, counted from the highest; ascending. */
export function everyStep({ start, end }: SlidingWindow, stride = 1): Int32Array {
  const count = Math.ceil((end - start) / stride);
  return Int32Array.from({ length: count }, (_, i) => end - 1 - (count - 1 - i) * stride);
}
