/**
 * Detection of chains that amplify errors. On most chains the error of a step reaches x_0 damped,
 * so any tolerance is safe. On about one chain in thirty it grows, although all residuals are as
 * small as on other chains, and the run ends at another image. Such a chain is recognised by how
 * much its steps stretch the moves of their inputs, once the lower steps have nearly settled.
 *
 * | letter | here |
 * |---|---|
 * | a, y: moves of step t's input and output between its last two evaluations | |
 * | ν_t = √((c + d/s) s_(t−1)/s_t) | `expectedStretch` |
 * | γ_t = rms(c a + d y) / (ν_t rms(a)), stretch relative to ν_t | `record` |
 * | Γ = Π γ_t over 1 ≤ t < m, growth from x_m to x_1 | `#growth` |
 *
 * ν_t is the geometric mean of the stretch of a frozen x_0-prediction and of the decrease of the
 * noise, which are equal at eta 0.
 *
 * If Γ exceeds the limit in two consecutive rounds, the next round evaluates all steps again,
 * including finished ones. If that moves the lowest finished x by more than two tolerances, or if Γ
 * exceeds ten limits, the chain is unstable: it is solved again with a hundredth of the tolerance,
 * from the highest step that leaves one round per step, so that T rounds still suffice. Otherwise
 * the check cost some evaluations.
 *
 * Rounding of the network can keep residuals above the smaller tolerance, so it applies only for as
 * many rounds as the run had taken before.
 *
 * In a window smaller than the number of steps, Γ would compare moves of different rounds. The
 * error of x_0 is estimated instead ({@link file://./error_tracking.ts}). If the last estimate
 * exceeds a tolerance for each unit of the limit, the chain is solved again from the top. Errors
 * may shrink until then, most of all before the image is decided, so that earlier estimates have a
 * larger limit, and so has the last one of a chain with noise. The result is in doubt if the
 * estimate then exceeds half of the limit, or if T rounds are too few for it.
 * @module
 */
import type { ResolvedOptions } from "../options.ts";
import type { Schedule } from "../schedules/schedule.ts";

/** With fewer steps each is so large that nearly every chain seems to amplify. */
const MIN_STEPS = 40;
/** m as a share of the steps. */
const MIDDLE = 1 / 2;
/**
 * Share of the steps that may be unfinished when γ_t is recorded: earlier, the lower steps are far
 * from their final values.
 */
const RECORDING_SHARE = 3 / 5;
/** Share of the steps that may be unfinished at a check: Γ is then close to the final chain's. */
const CHECK_SHARE = 1 / 5;
/** A chain is unstable if the check moves a finished x by more than this many tolerances. */
const MAX_MOVE = 2;
/** Γ above this many limits means unstable without a move, which may lie below the finished x. */
const CERTAIN_GROWTH = 10;
/** Tolerances that the last estimate may have for each unit of the limit. */
const ERROR_PER_GROWTH = 1;
/** Factor of that for earlier estimates. At half of it four chains in five still end well. */
const EARLY_FACTOR = 4;
/**
 * Factor for the last estimate of a chain with noise, where errors do not shrink on their way, and
 * estimates are up to a hundred times too high.
 */
const NOISY_FACTOR = 2;
/** ᾱ below which the image is undecided: there the limit is larger by the ratio of both. */
const DECIDED_ALPHA = 0.7;
/**
 * Share of the limit above which a chain solved again is in doubt. Its tolerance was a hundredth,
 * and on such chains the estimate is up to 17 times too low.
 */
const RESTARTED_SHARE = 1 / 2;
/** Rounds allowed to the smaller tolerance, in those that the same steps took before. */
const STRICT_PACE = 2;
/** Factor of the tolerance on an unstable chain. */
const STRICT_FACTOR = 1 / 100;

/** An estimate of the rms error of x_0, at unit scale, and whether no other will follow. */
export type ErrorOfSample = { error: number; isLast: boolean };

/** ν_t, for t ≥ 1. */
function expectedStretch({ c, d, sigma }: Schedule, t: number): number {
  const s = sigma[t], below = sigma[t - 1];
  return Math.sqrt(Math.abs(c[t] + d[t] / s) * below / s);
}

/** The stability check of one run; at most one per run. */
export class StabilityCheck {
  readonly #steps: number;
  readonly #windowSize: number;
  readonly #limit: number;
  readonly #schedule: Schedule;
  /** Estimated error of an unstable chain's x_0, in tolerances; that of the last estimate. */
  readonly #errorLimit: number;
  readonly #lastErrorLimit: number;
  /** Whether the error of x_0 has to be estimated. */
  readonly needsErrors: boolean;
  /** γ_t for t < m, 1 where it is not known; empty if the check is off. */
  readonly #stretches: Float64Array;
  #previousGrowth = Infinity;
  #rounds = 0;
  #strictRounds = 0;
  #restarted = false;
  #cutShort = false;
  #requested = false;

  /**
   * The check is off with a limit of 0, with fewer than 40 steps, and if the window is smaller than
   * the number of steps to solve.
   */
  constructor(options: ResolvedOptions) {
    const { schedule, variationSteps, windowSize, tqn, denoiserRemembers } = options;
    const middle = Math.round(MIDDLE * variationSteps);
    const enabled = tqn.growthLimit > 0 && windowSize >= variationSteps && middle >= 2 &&
      schedule.numSteps >= MIN_STEPS;
    this.needsErrors = tqn.growthLimit > 0 && windowSize < variationSteps && !denoiserRemembers;
    const limit = ERROR_PER_GROWTH * tqn.growthLimit, noisy = schedule.n.some((n) => n !== 0);
    this.#errorLimit = EARLY_FACTOR * limit;
    this.#lastErrorLimit = noisy ? NOISY_FACTOR * limit : limit;
    this.#schedule = schedule;
    this.#steps = variationSteps;
    this.#windowSize = windowSize;
    this.#limit = enabled ? tqn.growthLimit : Infinity;
    this.#stretches = new Float64Array(enabled ? middle : 0).fill(1);
  }

  /** Factor of the tolerance in this round. */
  get toleranceFactor(): number {
    return this.#strictRounds > 0 ? STRICT_FACTOR : 1;
  }

  /** Whether to record γ_t in a round whose window ends at `end`. */
  records(t: number, end: number): boolean {
    return t > 0 && t < this.#stretches.length && end <= RECORDING_SHARE * this.#steps &&
      !this.#requested;
  }

  /** Records rms(c a + d y) / rms(a) of step t. */
  record(t: number, stretch: number): void {
    this.#stretches[t] = stretch / expectedStretch(this.#schedule, t);
  }

  /**
   * Ends a round that left `unfinished` steps; returns whether the next round must evaluate all
   * steps again.
   */
  endRound(unfinished: number): boolean {
    this.#rounds++;
    if (this.#strictRounds > 0) this.#strictRounds--;
    const growth = this.#growth(), least = Math.min(growth, this.#previousGrowth);
    this.#previousGrowth = growth;
    const settled = unfinished > 0 && unfinished <= CHECK_SHARE * this.#steps;
    if (this.#requested || !settled || !(least > this.#limit)) return false;
    return this.#requested = true;
  }

  /**
   * Assesses the chain after a check: returns whether it is unstable, and if it is, reduces the
   * tolerance from this round on.
   *
   * @param moved rms by which the check moved the lowest finished x, at unit scale
   */
  assess(moved: number, atol: number): boolean {
    const unstable = moved > MAX_MOVE * atol ||
      this.#previousGrowth > CERTAIN_GROWTH * this.#limit;
    if (unstable) this.#strictRounds = this.#rounds + 1;
    return unstable;
  }

  /**
   * Assesses an estimate of the error of x_0, measured at step t: returns whether the chain is
   * unstable and to be solved again, which happens at most once.
   */
  assessError(t: number, { error, isLast }: ErrorOfSample, atol: number): boolean {
    const undecided = Math.max(1, DECIDED_ALPHA / this.#schedule.alphasCumprod[t]);
    const limit = isLast ? this.#lastErrorLimit : undecided * this.#errorLimit;
    if (this.#requested || !(error > limit * atol)) return false;
    return this.#requested = true;
  }

  /**
   * Starts a small window again from the top, where the first attempt left `unfinished` steps.
   * Reduces the tolerance for twice the rounds that as many steps took before.
   */
  restart(unfinished: number): void {
    const pace = this.#rounds / (this.#steps - unfinished);
    this.#strictRounds = Math.ceil(STRICT_PACE * pace * this.#steps);
    this.#restarted = true;
  }

  /**
   * The finished index after this round, so that T rounds suffice: every round finishes a step, and
   * a restarted chain that is behind in its last W rounds goes on from where the first attempt was.
   */
  limit(finished: number): number {
    const most = this.#steps - this.#rounds - 1;
    if (!this.#restarted) return Math.min(finished, most);
    if (finished <= most || most >= this.#windowSize) return finished;
    this.#cutShort = true;
    return most;
  }

  /** Why the result is in doubt, given the estimated error of x_0; `undefined` if it is not. */
  doubt(error: number, atol: number): string | undefined {
    if (this.#cutShort) {
      return "errors grow on this chain, and T rounds are too few to solve it again";
    }
    const limit = (this.#restarted ? RESTARTED_SHARE : 1) * this.#lastErrorLimit * atol;
    if (!this.needsErrors || !(error > limit)) return undefined;
    return `errors grow on this chain: x_0 may be off by ${error.toExponential(0)} or more`;
  }

  #growth(): number {
    return this.#stretches.reduce((product, stretch) => product * stretch, 1);
  }
}
