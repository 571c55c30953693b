/**
 * The settings of the triangular quasi-Newton solver.
 * @module
 */
import { checkInteger, checkNumber, checkOneOf } from "../arguments.ts";

/** What can be set about {@link SampleOptions.method} `tqn`. */
export interface TqnOptions {
  /**
   * Round r evaluates every `strides[r−1]`-th step from the top of the window; later rounds
   * evaluate all. Default [5, 2] for a cold start with window T, else none.
   */
  strides: readonly number[];
  /**
   * `zero`: round 1 evaluates a trajectory that aims at x_0 = 0. `top`: it evaluates x_T alone. A
   * warm start needs neither. Default `zero` with window T, else `top`.
   */
  start: "zero" | "top";
  /** Secant pairs kept per step, 0 … 2; default 2. */
  pairs: 0 | 1 | 2;
  /** Added to the diagonal of the secant pairs' 2×2 system; default 0.01. */
  damping: number;
  /**
   * A prediction is trusted half when its input moved by so many √(1−ᾱ) since the last evaluation;
   * 0 trusts all. Default 0.6.
   */
  trustRadius: number;
  /**
   * Takes the network's derivative for symmetric, as that of an exact denoiser is: what a secant
   * pair says along its answer is used too. Default `false`; 0–6 % fewer rounds on the embedded
   * models.
   */
  symmetric: boolean;
  /**
   * Every second step whose input moved by more than so many √(1−ᾱ) since its last evaluation is
   * not evaluated again in this round; 0, the default, skips none; 0.3 saves about a tenth of the
   * evaluations.
   */
  skipRadius: number;
  /**
   * A chain on which errors grow more than so many times, beside a frozen x_0-prediction, on their
   * way to x_0 is looked at again, and solved once more to a hundredth of the tolerance if it is
   * found to be off; 0, the default, never; 3 finds the few chains that would end at another image.
   * Not with fewer than 40 steps, nor where the window is smaller than the steps to solve.
   */
  growthLimit: number;
}

/**
 * The options with defaults filled in, checked. `wide`: window T and no trajectory to start from.
 */
export function resolveTqnOptions(
  given: Partial<TqnOptions>,
  { wide, warm }: { wide: boolean; warm: boolean },
): TqnOptions {
  const { strides = wide && !warm ? [5, 2] : [], start = wide ? "zero" : "top" } = given;
  const { pairs = 2, damping = 0.01, trustRadius = 0.6 } = given;
  const { symmetric = false, skipRadius = 0, growthLimit = 0 } = given;
  strides.forEach((stride, i) =>
    checkInteger(`tqn.strides[${i}]`, stride, 1, Number.MAX_SAFE_INTEGER)
  );
  checkOneOf("tqn.start", start, ["zero", "top"]);
  checkInteger("tqn.pairs", pairs, 0, 2);
  checkNumber("tqn.damping", damping, 0, Number.MAX_VALUE);
  checkNumber("tqn.trustRadius", trustRadius, 0, Number.MAX_VALUE);
  checkNumber("tqn.skipRadius", skipRadius, 0, Number.MAX_VALUE);
  checkNumber("tqn.growthLimit", growthLimit, 0, Number.MAX_VALUE);
  return { strides, start, pairs, damping, trustRadius, symmetric, skipRadius, growthLimit };
}
