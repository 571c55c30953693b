/**
 * The settings of the triangular quasi-Newton solver.
 * @module
 */
import { checkInteger, checkNumber, checkOneOf } from "../arguments.ts";

/** Settings of the {@link SampleOptions.method} `tqn`. */
export interface TqnOptions {
  /**
   * Round r evaluates every `strides[r−1]`-th step from the top of the window; later rounds
   * evaluate all. Default [5, 2] for a cold start with window T, else none.
   */
  strides: readonly number[];
  /**
   * Trajectory of round 1. `zero`: the one that aims at x_0 = 0. `top`: x_T alone is evaluated.
   * Ignored for a warm start. Default `zero` with window T, else `top`.
   */
  start: "zero" | "top";
  /** Secant pairs kept per step, 0 … 2; default 2. */
  pairs: 0 | 1 | 2;
  /** Added to the diagonal of the secant pairs' 2×2 system; default 0.01. */
  damping: number;
  /**
   * Move of the input since the last evaluation, in units of √(1−ᾱ), at which a prediction is
   * trusted half; 0 trusts every prediction fully. Default 0.6.
   */
  trustRadius: number;
  /**
   * Assumes that the network's derivative is symmetric, as an exact denoiser's is. Default `false`;
   * it saves 0–6 % of the rounds on the embedded models.
   */
  symmetric: boolean;
  /**
   * A step is far if its input moved by more than this since its last evaluation, in units of
   * √(1−ᾱ). Every second far step is skipped in a round. Default 0, which skips none; 0.3 saves
   * about a tenth of the evaluations.
   */
  skipRadius: number;
  /**
   * Growth of errors on their way to x_0, relative to a frozen x_0-prediction, above which the
   * chain is checked: all steps are evaluated again, and if the chain is unstable, it is solved
   * again with a hundredth of the tolerance. Default 0, which never checks; 3 finds the few chains
   * that would end at another image. There is no such check with fewer than 40 steps.
   *
   * In a window smaller than the number of steps to solve, the error of x_0 is estimated instead,
   * which takes up to 13 evaluations, at inputs near the chain's. A chain whose last estimate
   * exceeds `atol` times the limit (twice that if the chain has noise; an earlier one four times
   * that, and more where ᾱ is below 0.7) is solved again from the top in the same way. If the
   * estimate then exceeds half of that, or T rounds are too few, the result is not `trusted`. There
   * is no estimate if the denoiser `remembers` earlier inputs.
   */
  growthLimit: number;
  /**
   * Factor of `atol` and `rtol` in a window smaller than the number of steps to solve, at the cost
   * of refining its last steps: nearly all of the error of x_0 comes from steps of little noise,
   * and in the last rounds, when the window is not full, those that are finished are evaluated
   * again if their input has moved. Default 0, which refines nothing and leaves the tolerances as
   * they are; 2 saves 3 to 7 % of the rounds in a window of 8 on the embedded models, at a smaller
   * median error. Nothing is refined if the denoiser `remembers` earlier inputs.
   */
  refinement: number;
}

/**
 * Validates the options and fills in the defaults.
 *
 * @param run `fullWindow`: whether the window has T steps; `warm`: whether there is an initial
 * trajectory
 */
export function resolveTqnOptions(
  given: Partial<TqnOptions>,
  { fullWindow, warm }: { fullWindow: boolean; warm: boolean },
): TqnOptions {
  const { strides = fullWindow && !warm ? [5, 2] : [] } = given;
  const { start = fullWindow ? "zero" : "top" } = given;
  const { pairs = 2, damping = 0.01, trustRadius = 0.6 } = given;
  const { symmetric = false, skipRadius = 0, growthLimit = 0, refinement = 0 } = given;
  strides.forEach((stride, i) =>
    checkInteger(`tqn.strides[${i}]`, stride, 1, Number.MAX_SAFE_INTEGER)
  );
  checkOneOf("tqn.start", start, ["zero", "top"]);
  checkInteger("tqn.pairs", pairs, 0, 2);
  checkNumber("tqn.damping", damping, 0, Number.MAX_VALUE);
  checkNumber("tqn.trustRadius", trustRadius, 0, Number.MAX_VALUE);
  checkNumber("tqn.skipRadius", skipRadius, 0, Number.MAX_VALUE);
  checkNumber("tqn.growthLimit", growthLimit, 0, Number.MAX_VALUE);
  checkNumber("tqn.refinement", refinement, 0, Number.MAX_VALUE);
  return {
    ...{ strides, start, pairs, damping, trustRadius },
    ...{ symmetric, skipRadius, growthLimit, refinement },
  };
}
