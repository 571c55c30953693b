/**
 * TQN: a triangular quasi-Newton solver for the same equations, window and stop rule as ParaTAA. A
 * sweep from the top of the window predicts the network at every new latent from earlier
 * evaluations of the same step.
 *
 * | letter | here |
 * |---|---|
 * | x_t, ξ_t, ε_t | rows t of `trajectory`, `noise`, and of the answers in `#epsilon` |
 * | s_t, q_t of D = (x − s e)/q: √(1−ᾱ_t), √ᾱ_t for DDIM | `s`, `q`: `sigma` and `clean` of the schedule |
 * | (X_t, E_t) and the secant pairs of step t | `#evaluations` |
 * | D, the x_0-prediction of step t+1, as x_(t+1) and x_(t+2) imply it; 0 for the highest step | `jumpWeights` |
 * | e = E_t + (β/s) dd + Σ g_j (y_j − (β/s) a_j) + Σ h_j a_j, h where the derivative is taken for symmetric | `predictionWeights` |
 * | θ = 1/(1 + (rms(dd)/(ρ s))²), e ← θ e + (1−θ)(x − q D)/s | `#trust`, `predictionWeights` |
 *
 * A step whose input did not change, the highest of the window always among them, gets exactly
 * Step(t, x, E_t): the safeguard that bounds the rounds by T.
 * @module
 */
import { Evaluations } from "./evaluations.ts";
import type { ResolvedOptions } from "../options.ts";
import { type Factors, type JumpWeights, jumpWeights, predictionWeights } from "./prediction.ts";
import { differenceProducts } from "../reductions.ts";
import { StabilityCheck } from "./stability_check.ts";
import { latentScale } from "../latent_scale.ts";
import { firstTrajectory, type Questions, type Solver } from "../solver.ts";
import { checkFinite, row, step } from "../system.ts";
import { addWeighted, combine } from "./tqn_kernels.ts";
import { weighted } from "../weighted.ts";
import { finishedIndex, SlidingWindow } from "../window.ts";

/**
 * Below an ᾱ of a sixth the image is not decided: errors may grow on their way to x_0, and rtol
 * gets stricter.
 */
const UNDECIDED = 1 / 6;

/**
 * An input of unit scale that moved by less, in rms, counts as unchanged: at tolerance 0 a run else
 * waits for the last bits of sums to settle.
 */
const ROUNDING = 1e-13;

/** TQN at work on one sample. */
export class Tqn implements Solver {
  readonly trajectory: Float64Array;
  readonly window: SlidingWindow;
  readonly #options: ResolvedOptions;
  readonly #evaluations: Evaluations;
  readonly #latents: Float64Array;
  readonly #epsilon: Float64Array;
  #steps: Int32Array = new Int32Array(0);
  /** Round in which a step was last skipped; 0 for never. */
  readonly #skipped: Int32Array;
  /** Scale of every x_t. */
  readonly #scale: Float64Array;
  /** What rtol is relative to. */
  readonly #noiseScale: Float64Array;
  readonly #stabilityCheck: StabilityCheck;
  /** In a stability check: the lowest step that was finished before, and its x. */
  #looked: { finished: number; x: Float64Array } | undefined;
  #lookIsDue = false;
  #round = 0;

  /** Allocates everything that the run will need. */
  constructor(options: ResolvedOptions) {
    const { schedule, rowSize, windowSize, initialTrajectory, tqn } = options;
    this.#options = options;
    this.#scale = latentScale(schedule);
    this.trajectory = firstTrajectory(options);
    this.window = new SlidingWindow({
      size: windowSize,
      finished: options.variationSteps,
      uninitialised: initialTrajectory ? -1 : schedule.numSteps - 1,
    });
    this.#evaluations = new Evaluations({
      ...tqn,
      ...{ numSteps: schedule.numSteps, windowSize, rowSize },
    });
    const apart = tqn.strides.filter((stride) => stride > 1);
    const least = tqn.skipRadius > 0 ? 1 : Math.min(...apart);
    const gathered = Math.max(1, Math.ceil(windowSize / least));
    this.#latents = new Float64Array(gathered * rowSize);
    this.#epsilon = new Float64Array(windowSize * rowSize);
    this.#skipped = new Int32Array(schedule.numSteps);
    this.#stabilityCheck = new StabilityCheck(options);
    this.#noiseScale = schedule.noiseScale.map((scale, t) =>
      scale * Math.min(1, schedule.alphasCumprod[t] / UNDECIDED)
    );
  }

  /**
   * Steps that enter the window, those never evaluated among the rows that it names, start from a
   * jump.
   */
  ask(): Questions {
    const { rowSize, variationSteps } = this.#options;
    if (this.#lookIsDue) {
      const { finished } = this.window;
      this.#looked = { finished, x: this.#x(finished).slice() };
      this.window.reopen(variationSteps);
    }
    const { from, to } = this.window.slide();
    for (let t = to - 1; t >= from; t--) if (!this.#evaluations.has(t)) this.#jump(t);
    this.#round++;
    const steps = this.#steps = this.#stepsToAsk();
    const epsilon = this.#epsilon.subarray(0, steps.length * rowSize);
    return { steps, latents: this.#inputs(steps), epsilon };
  }

  /** One sweep from the top; no step below one that was not evaluated is known to be finished. */
  update(): Float64Array {
    const { start, end } = this.window;
    const residuals = new Float64Array(end - start).fill(NaN);
    let asked = this.#steps.length;
    const learn = (t: number) => {
      if (this.#steps[asked - 1] === t) residuals[t - start] = this.#learn(t, --asked);
    };
    learn(end - 1);
    for (let t = end - 1; t >= start; t--) {
      learn(t - 1); // before x_t, its input, is overwritten
      if (this.#evaluations.has(t)) this.#predict(t);
      else this.#jump(t);
    }
    this.window.advance(this.#finishedIndex(residuals));
    this.#lookIsDue = this.#stabilityCheck.endRound(this.window.finished);
    return residuals;
  }

  #finishedIndex(residuals: Float64Array): number {
    const { atol, rtol, variationSteps } = this.#options, looked = this.#looked;
    this.#looked = undefined;
    const isOff = looked !== undefined &&
      this.#stabilityCheck.judge(this.#movedSince(looked), atol);
    const share = this.#stabilityCheck.toleranceShare;
    const tolerances = { atol: share * atol, rtol: share * rtol };
    const rule = { ...tolerances, scale: this.#scale, noiseScale: this.#noiseScale };
    const unfinished = finishedIndex(this.window, residuals, rule);
    const finished = this.#steps.includes(unfinished) ? unfinished : unfinished + 1;
    if (looked && !isOff) return Math.min(finished, looked.finished - 1);
    // Begun at the top again, a step a round may be too few for T rounds.
    return Math.min(finished, variationSteps - this.#round);
  }

  #movedSince({ finished, x }: { finished: number; x: Float64Array }): number {
    const square = differenceProducts(this.#x(finished), x).square;
    return Math.sqrt(square / x.length) / this.#scale[finished];
  }

  #x(t: number): Float64Array {
    return row(this.trajectory, t, this.#options.rowSize);
  }

  /** A stability check asks all. */
  #stepsToAsk(): Int32Array {
    const { tqn: { strides, start, skipRadius }, initialTrajectory } = this.#options;
    const topAlone = this.#round === 1 && start === "top" && !initialTrajectory;
    if (topAlone) return Int32Array.of(this.window.end - 1);
    const stride = this.#looked ? 1 : strides[this.#round - 1];
    if (stride === undefined && skipRadius > 0) return this.#stepsNotSkipped();
    return this.#everyStep(stride ?? 1);
  }

  /** Every `stride`-th step of the window, the highest among them. */
  #everyStep(stride: number): Int32Array {
    const { start, end } = this.window;
    const count = Math.ceil((end - start) / stride);
    return Int32Array.from({ length: count }, (_, i) => end - 1 - (count - 1 - i) * stride);
  }

  /**
   * Leaves out every second step whose evaluation would soon be worth nothing, none twice in a row,
   * never the highest.
   */
  #stepsNotSkipped(): Int32Array {
    const { start, end } = this.window;
    return Int32Array.from({ length: end - start }, (_, i) => start + i).filter((t) => {
      const skip = t < end - 1 && this.#isFar(t) && (t + this.#round) % 2 === 0 &&
        this.#skipped[t] !== this.#round - 1;
      if (skip) this.#skipped[t] = this.#round;
      return !skip;
    });
  }

  #isFar(t: number): boolean {
    if (!this.#evaluations.has(t)) return false;
    return this.#evaluations.moved(t) > this.#options.tqn.skipRadius * this.#factors(t).s;
  }

  /** x_(t+1) of every step: a view where the steps follow each other, else copies. */
  #inputs(steps: Int32Array): Float64Array {
    const { rowSize } = this.#options;
    const first = steps[0], last = steps[steps.length - 1];
    if (last - first === steps.length - 1) {
      return this.trajectory.subarray((first + 1) * rowSize, (last + 2) * rowSize);
    }
    steps.forEach((t, i) => this.#latents.set(this.#x(t + 1), i * rowSize));
    return this.#latents.subarray(0, steps.length * rowSize);
  }

  /** Takes in answer number `asked`, for step t; returns the rms of its first-order residual. */
  #learn(t: number, asked: number): number {
    const { noise, rowSize } = this.#options, { c, d, n } = this.#factors(t);
    const above = this.#x(t + 1), epsilon = row(this.#epsilon, asked, rowSize);
    const xi = n === 0 ? above : row(noise, t, rowSize);
    const rms = this.#evaluations.add(t, { c, d, n, above, epsilon, xi, x: this.#x(t) });
    if (!Number.isFinite(rms)) {
      const where = { t, round: this.#round };
      checkFinite(above, "the latent above", where);
      checkFinite(epsilon, "the predicted noise", where);
    }
    return rms;
  }

  /** The secant model's x_t, as far as it is trusted, else a jump. */
  #predict(t: number): void {
    const factors = this.#factors(t), { c, d, s } = factors;
    const evaluations = this.#evaluations, above = this.#x(t + 1);
    const distance = evaluations.probe(t, above);
    this.#watch(t, factors);
    if (distance < ROUNDING * this.#scale[t + 1]) return this.#step(t);
    const pairs = evaluations.coefficients(t), slope = evaluations.slope(t, s) / s;
    const { symmetric } = this.#options.tqn;
    const mirrored = symmetric ? evaluations.mirrored(t, { slope, pairs }) : [0, 0] as const;
    const trust = this.#trust(distance, s), jump = this.#jumpWeights(t);
    const weights = predictionWeights({ slope, pairs, mirrored, trust }, { c, d }, jump);
    combine(weights, {
      ...{ known: evaluations.known(t), above, beyond: this.#beyond(t), x: this.#x(t) },
    });
    this.#addNoise(t, (1 - trust) * jump.noiseAbove);
  }

  #watch(t: number, factors: Factors): void {
    if (!this.#stabilityCheck.watches(t, this.window.end)) return;
    const stretch = this.#evaluations.stretch(t, factors, this.#scale[t + 1]);
    if (stretch !== undefined) this.#stabilityCheck.note(t, stretch);
  }

  /** Writes Step(t, x, E_t), to the bit as sequential sampling does. */
  #step(t: number): void {
    const { schedule, noise, rowSize } = this.#options;
    const [{ output: epsilon }] = this.#evaluations.known(t), xi = row(noise, t, rowSize);
    step(schedule, t, { x: this.#x(t + 1), epsilon, xi, out: this.#x(t) });
  }

  #trust(distance: number, s: number): number {
    const { trustRadius } = this.#options.tqn;
    return trustRadius === 0 ? 1 : 1 / (1 + (distance / (trustRadius * s)) ** 2);
  }

  /** x_t without any evaluation of its step. */
  #jump(t: number): void {
    const { above, beyond, noiseAbove } = this.#jumpWeights(t);
    weighted([above, beyond], [this.#x(t + 1), this.#beyond(t)], this.#x(t));
    this.#addNoise(t, noiseAbove);
  }

  #jumpWeights(t: number): JumpWeights {
    const last = this.#options.schedule.numSteps - 1;
    return jumpWeights(this.#factors(t), t < last ? this.#factors(t + 1) : undefined);
  }

  /** x_(t+2), any row of finite numbers where there is none. */
  #beyond(t: number): Float64Array {
    return this.#x(Math.min(t + 2, this.#options.schedule.numSteps));
  }

  /** x_t += n ξ_t + `noiseAbove` ξ_(t+1). */
  #addNoise(t: number, noiseAbove: number): void {
    const { schedule, noise, rowSize } = this.#options, n = schedule.n[t];
    if (n === 0 && noiseAbove === 0) return;
    const rows = [row(noise, t, rowSize), row(noise, t + 1, rowSize)] as const;
    addWeighted([n, noiseAbove], rows, this.#x(t));
  }

  #factors(t: number): Factors {
    const { c, d, n, sigma, clean } = this.#options.schedule;
    return { c: c[t], d: d[t], n: n[t], s: sigma[t], q: clean[t] };
  }
}
