/**
 * Tells chains that amplify errors. On most chains what is left at a step reaches x_0 damped, and any tolerance is safe; on one of
 * thirty or so it grows instead, though every residual is as small as the others', and the run ends at another picture. How moves
 * of the inputs come out of the evaluated steps shows it, once the lower steps have nearly settled.
 *
 * | letter | here |
 * |---|---|
 * | a, y: moves of the input and the answer of step t between its last two evaluations | |
 * | γ_t = rms(c a + d y) / rms(a), how step t stretched that move | `note` |
 * | Γ = (s_(m−1) / s_0) Π γ_t over 1 ≤ t < m: growth from x_m to x_1, relative to the noise in each | `#growth` |
 *
 * A chain with Γ above the limit in two rounds running is solved once more from the top of the window, to a hundredth of the
 * tolerance. Where rounding of the network keeps residuals above that, the tolerance is the usual one again after as many rounds as
 * the run had taken before.
 * @module
 */
import type { ResolvedOptions } from "./options.ts";

/** m as a share of the steps. */
const MIDDLE = 2 / 5;
/** From here down the rounds are watched; before, the lower steps are far from what they will be, and a round has enough to do. */
const WATCHED = 3 / 5;
/** Only with this share of the steps left, Γ is measured on a chain near the final one. */
const NEARLY_SETTLED = 1 / 5;
/** Of the tolerance, from a second look on. */
const STRICT_SHARE = 1 / 100;

/** When one run is to look again. */
export class SecondLook {
  readonly #steps: number;
  readonly #limit: number;
  /** s_(m−1) / s_0; 0 where nothing is to be looked at again. */
  readonly #noiseRatio: number;
  /** γ_t for t < m, 1 where it is not known; empty where nothing is to be looked at again. */
  readonly #stretches: Float64Array;
  #growthBefore = Infinity;
  #rounds = 0;
  #strictRounds = 0;
  #taken = false;

  /** Never looks again with a limit of 0, nor where the window is smaller than the steps to solve. */
  constructor({ schedule, variationSteps, windowSize, tqn }: ResolvedOptions) {
    const middle = Math.round(MIDDLE * variationSteps);
    const s = (t: number) => Math.sqrt(1 - schedule.alphasCumprod[t]);
    const able = tqn.growthLimit > 0 && windowSize >= variationSteps && middle >= 2;
    this.#steps = variationSteps;
    this.#limit = tqn.growthLimit;
    this.#noiseRatio = able ? s(middle - 1) / s(0) : 0;
    this.#stretches = new Float64Array(able ? middle : 0).fill(1);
  }

  /** What the tolerance is multiplied by in this round. */
  get toleranceShare(): number {
    return this.#strictRounds > 0 ? STRICT_SHARE : 1;
  }

  /** Whether γ_t is of use in a round whose window ends at `end`. */
  watches(t: number, end: number): boolean {
    return t > 0 && t < this.#stretches.length && end <= WATCHED * this.#steps && !this.#taken;
  }

  /** Takes in γ_t of a step that is watched. */
  note(t: number, stretch: number): void {
    this.#stretches[t] = stretch;
  }

  /** Ends a round that left `finished` steps to do; returns whether the next one is to begin at the top again. */
  endRound(finished: number): boolean {
    this.#rounds++;
    if (this.#strictRounds > 0) this.#strictRounds--;
    const growth = this.#growth(), least = Math.min(growth, this.#growthBefore);
    this.#growthBefore = growth;
    const settled = finished > 0 && finished <= NEARLY_SETTLED * this.#steps;
    if (this.#taken || !settled || !(least > this.#limit)) return false;
    this.#taken = true;
    this.#strictRounds = this.#rounds;
    return true;
  }

  #growth(): number {
    return this.#stretches.subarray(1).reduce((product, stretch) => product * stretch, 1) *
      this.#noiseRatio;
  }
}
