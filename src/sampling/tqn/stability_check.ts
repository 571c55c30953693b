/**
 * Tells chains that amplify errors. On most chains what is left at a step reaches x_0 damped, and
 * any tolerance is safe; on one of thirty or so it grows instead, though every residual is as small
 * as the others', and the run ends at another image. How moves of the inputs come out of the
 * evaluated steps shows it, once the lower steps have nearly settled.
 *
 * | letter | here |
 * |---|---|
 * | a, y: moves of the input and the answer of step t between its last two evaluations | |
 * | ν_t = √((c + d/s) s_(t−1)/s_t), between what a frozen x_0-prediction makes of a move and the fall of the noise, equal at eta 0 | `unstretched` |
 * | γ_t = rms(c a + d y) / (ν_t rms(a)), how much more step t stretched that move | `note` |
 * | Γ = Π γ_t over 1 ≤ t < m, growth from x_m to x_1 | `#growth` |
 *
 * Where Γ is above the limit in two rounds running, the next round asks all steps again, the
 * finished ones too. If that moves the lowest finished x by more than two tolerances, or Γ is far
 * above the limit, the chain is solved once more to a hundredth of the tolerance, from as near the
 * top as leaves a round to every step: T rounds suffice as ever. Else the round has cost some
 * evaluations. Where rounding of the network keeps residuals above so small a tolerance, it is the
 * usual one again after as many rounds as the run had taken before.
 * @module
 */
import type { ResolvedOptions } from "../options.ts";
import type { Schedule } from "../schedules/schedule.ts";

/** With fewer steps each is so large that nearly every chain seems to amplify. */
const FEWEST_STEPS = 40;
/** m as a share of the steps. */
const MIDDLE = 1 / 2;
/**
 * From here down the rounds are watched; before, the lower steps are far from what they will be,
 * and a round has enough to do.
 */
const WATCHED = 3 / 5;
/** Only with this share of the steps left, Γ is measured on a chain near the final one. */
const NEARLY_SETTLED = 1 / 5;
/** A stability check that moves a finished x by so many tolerances says that the chain is off. */
const MOVED = 2;
/** Growth of so many limits says it without being seen: it may lie below that x. */
const SURELY = 10;
/** Of the tolerance, where it is. */
const STRICT_SHARE = 1 / 100;

/** ν_t, for t ≥ 1. */
function unstretched({ c, d, sigma }: Schedule, t: number): number {
  const s = sigma[t], below = sigma[t - 1];
  return Math.sqrt(Math.abs(c[t] + d[t] / s) * below / s);
}

/** When one run is to look again. */
export class StabilityCheck {
  readonly #steps: number;
  readonly #limit: number;
  readonly #schedule: Schedule;
  /** γ_t for t < m, 1 where it is not known; empty where nothing is to be looked at again. */
  readonly #stretches: Float64Array;
  #growthBefore = Infinity;
  #rounds = 0;
  #strictRounds = 0;
  #taken = false;

  /**
   * Never looks again with a limit of 0, in a chain of few steps, or where the window is smaller
   * than the steps to solve.
   */
  constructor({ schedule, variationSteps, windowSize, tqn }: ResolvedOptions) {
    const middle = Math.round(MIDDLE * variationSteps);
    const able = tqn.growthLimit > 0 && windowSize >= variationSteps && middle >= 2 &&
      schedule.numSteps >= FEWEST_STEPS;
    this.#schedule = schedule;
    this.#steps = variationSteps;
    this.#limit = able ? tqn.growthLimit : Infinity;
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

  /** Takes in rms(c a + d y) / rms(a) of a step that is watched. */
  note(t: number, stretch: number): void {
    this.#stretches[t] = stretch / unstretched(this.#schedule, t);
  }

  /**
   * Ends a round that left `finished` steps to do; returns whether the next one is to ask all steps
   * again.
   */
  endRound(finished: number): boolean {
    this.#rounds++;
    if (this.#strictRounds > 0) this.#strictRounds--;
    const growth = this.#growth(), least = Math.min(growth, this.#growthBefore);
    this.#growthBefore = growth;
    const settled = finished > 0 && finished <= NEARLY_SETTLED * this.#steps;
    if (this.#taken || !settled || !(least > this.#limit)) return false;
    return this.#taken = true;
  }

  /**
   * Takes in by how much the check moved the lowest x that was finished, in units of its scale;
   * returns whether the chain is to be solved once more. The tolerance then is smaller, from this
   * round on.
   */
  judge(moved: number, atol: number): boolean {
    const off = moved > MOVED * atol || this.#growthBefore > SURELY * this.#limit;
    if (off) this.#strictRounds = this.#rounds + 1;
    return off;
  }

  #growth(): number {
    return this.#stretches.reduce((product, stretch) => product * stretch, 1);
  }
}
