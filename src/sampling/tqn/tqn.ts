/**
 * TQN: a triangular quasi-Newton solver with the equations, window and stopping rule of ParaTAA. It
 * solves x_t = Step(t, x_(t+1), ε_t) = c_t x_(t+1) + d_t ε_t + n_t ξ_t for t = T−1 … 0, where ε_t
 * is the network's output at x_(t+1). x_f … x_T are final, at first only x_T. A round:
 *
 * 1. Move the window [t0, t1) down to t1 = f. A step that enters it starts from a *jump*: x_t =
 *    Step(t, x_(t+1), (x_(t+1) − q D)/s), where D is the x_0-prediction of step t+1 that x_(t+1)
 *    and x_(t+2) imply, 0 for the highest step.
 * 2. Choose the steps to evaluate: few in the first rounds, later all but every second far step; in
 *    the last rounds of a small window also finished steps of little noise whose input moved; at
 *    times a perturbed input, to estimate the error of x_0. The network evaluates them.
 *
 * 3. From the top of the window down: the evaluation of step t becomes (X_t, E_t), and its moves
 *    since the previous one become a secant pair (a, y). Its residual is rms(Step(t, X_t, E_t) −
 *    x_t).
 * 4. dd = x_(t+1) − X_t is the move of the input by the sweep. If it is 0, as at the top of the
 *    window, x_t = Step(t, x_(t+1), E_t) exactly, which bounds the rounds by T.
 * 5. The secant model predicts e = E_t + (β/s) dd + Σ g_j (y_j − (β/s) a_j) + Σ h_j a_j; h = 0
 *    unless the derivative is assumed symmetric.
 * 6. It is trusted by θ = 1/(1 + (rms(dd)/(ρ s))²): e ← θ e + (1−θ)(x_(t+1) − q D)/s.
 * 7. x_t = Step(t, x_(t+1), e).
 *
 * 8. f falls to the highest step whose residual exceeds the tolerances or that was not evaluated.
 *    The chain is solved at f = 0.
 * 9. Check whether the chain amplifies errors. If it does, solve it again with a smaller tolerance.
 *
 * | letter | here |
 * |---|---|
 * | x_t, ξ_t, ε_t | rows of `trajectory`, `noise` and `#epsilon` |
 * | s, q of D = (x − s e)/q: √(1−ᾱ), √ᾱ for DDIM | `sigma` and `clean` of the schedule |
 * | (X_t, E_t), a_j, y_j, dd, β, g, h | {@link Evaluations} |
 * | 5 to 7 as one sum of rows | `predictionWeights` |
 * | ρ | `trustRadius` |
 * @module
 */
import { ErrorTracking } from "./error_tracking.ts";
import { Evaluations, UNCHANGED } from "./evaluations.ts";
import type { ResolvedOptions } from "../options.ts";
import { Refinement } from "./refinement.ts";
import { type Factors, type JumpWeights, jumpWeights, predictionWeights } from "./prediction.ts";
import { differenceProducts } from "../reductions.ts";
import { StabilityCheck } from "./stability_check.ts";
import { everyStep, StepChoice } from "./step_choice.ts";
import { latentScale } from "../latent_scale.ts";
import { NoiseRows } from "./noise_rows.ts";
import { Workspace } from "../kernels/workspace.ts";
import { type EvaluationRequest, firstTrajectory, type Solver } from "../solver.ts";
import { checkFinite, row, step } from "../system.ts";
import { finishedIndex, SlidingWindow } from "../window.ts";

/**
 * Below this ᾱ the image is undecided and errors may grow on their way to x_0, so `rtol` is
 * multiplied by ᾱ over this.
 */
const UNDECIDED_ALPHA = 1 / 6;

/** The state of TQN for one sample. */
export class Tqn implements Solver {
  readonly trajectory: Float64Array;
  readonly window: SlidingWindow;
  readonly #options: ResolvedOptions;
  readonly #workspace: Workspace;
  /** Only if a step adds noise. */
  readonly #noiseRows: NoiseRows | undefined;
  readonly #evaluations: Evaluations;
  readonly #latents: Float64Array;
  readonly #epsilon: Float64Array;
  #steps: Int32Array = new Int32Array(0);
  /** One above the highest step of this sweep: t1, or more if finished steps are refined. */
  #sweepEnd = 0;
  readonly #choice: StepChoice;
  readonly #refinement: Refinement;
  /** Scale of every x_t. */
  readonly #scale: Float64Array;
  /** Scale that `rtol` is relative to. */
  readonly #noiseScale: Float64Array;
  readonly #stabilityCheck: StabilityCheck;
  /** During a stability check: the lowest x that was finished before it, and its index. */
  #lowestFinished: { index: number; x: Float64Array } | undefined;
  #checkIsDue = false;
  /** Only in windows smaller than the number of steps to solve. */
  readonly #errors: ErrorTracking | undefined;
  #restartIsDue = false;
  #round = 0;

  /** Allocates all buffers of the run. */
  constructor(options: ResolvedOptions) {
    const { schedule, rowSize, windowSize, initialTrajectory, variationSteps, tqn } = options;
    this.#options = options;
    this.#scale = latentScale(schedule);
    const rows = schedule.numSteps + 10 * windowSize + 5; // of all that is allocated in it
    const workspace = this.#workspace = new Workspace(rows, rowSize);
    this.trajectory = firstTrajectory(options, workspace.allocate(options.noise.length).fill(0));
    if (schedule.n.some((n) => n !== 0)) this.#noiseRows = new NoiseRows(options, workspace);
    this.window = new SlidingWindow({
      size: windowSize,
      finished: variationSteps,
      uninitialised: initialTrajectory ? -1 : schedule.numSteps - 1,
    });
    const sizes = { numSteps: schedule.numSteps, windowSize, rowSize };
    this.#evaluations = new Evaluations({ ...tqn, ...sizes }, workspace);
    this.#choice = new StepChoice(options, this.#evaluations);
    this.#refinement = new Refinement(options, this.#evaluations);
    this.#latents = workspace.allocate(windowSize * rowSize);
    this.#epsilon = workspace.allocate(windowSize * rowSize);
    this.#stabilityCheck = new StabilityCheck(options);
    if (this.#stabilityCheck.needsErrors) {
      const { trajectory } = this, evaluations = this.#evaluations, noiseRows = this.#noiseRows;
      const run = { ...options, trajectory, evaluations, noiseRows };
      this.#errors = new ErrorTracking(run, workspace);
    }
    this.#noiseScale = schedule.noiseScale.map((scale, t) =>
      scale * Math.min(1, schedule.alphasCumprod[t] / UNDECIDED_ALPHA)
    );
  }

  /** Steps 1 and 2 of a round. */
  ask(): EvaluationRequest {
    const { rowSize, variationSteps } = this.#options;
    if (this.#checkIsDue) {
      const index = this.window.finished;
      this.#lowestFinished = { index, x: this.#x(index).slice() };
      this.window.reopen(variationSteps);
    }
    if (this.#restartIsDue) this.#restart();
    const { from, to } = this.window.slide();
    for (let t = to - 1; t >= from; t--) if (!this.#evaluations.has(t)) this.#jump(t);
    this.#round++;
    const chosen = this.#lowestFinished
      ? everyStep(this.window)
      : this.#choice.ofRound(this.#round, this.window);
    const refined = this.#refinement.steps(this.window);
    const wanted = refined.length > 0 ? Int32Array.of(...chosen, ...refined) : chosen;
    this.#sweepEnd = wanted[wanted.length - 1] + 1;
    const steps = this.#steps = this.#errors?.makeRoom(wanted, this.window.finished) ?? wanted;
    const epsilon = this.#epsilon.subarray(0, steps.length * rowSize);
    const request = { steps, latents: this.#inputs(steps), epsilon };
    return this.#errors?.addTo(request, this.#epsilon) ?? request;
  }

  /** Steps 3 to 9 of a round: one sweep from the top. */
  update(): Float64Array {
    const { start, end } = this.window;
    const estimated = this.#errors?.read(this.#epsilon, this.#steps.length) ?? false;
    const residuals = new Float64Array(end - start).fill(NaN);
    let remaining = this.#steps.length;
    const add = (t: number) => {
      if (this.#steps[remaining - 1] !== t) return;
      const residual = this.#addEvaluation(t, --remaining);
      if (t < end) residuals[t - start] = residual;
    };
    add(this.#sweepEnd - 1);
    for (let t = this.#sweepEnd - 1; t >= start; t--) {
      add(t - 1); // before x_t, its input, is overwritten
      if (this.#evaluations.has(t)) this.#predict(t);
      else this.#jump(t);
    }
    this.#advance(this.#finishedIndex(residuals), estimated);
    this.#checkIsDue = this.#stabilityCheck.endRound(this.window.finished);
    return residuals;
  }

  /**
   * 9 in a small window: ends a round at x_f, for f = `finished`.
   *
   * @param estimated whether the error estimate is new
   */
  #advance(finished: number, estimated: boolean): void {
    const unfinished = Math.max(finished, 1); // a chain to be solved again is not finished
    this.#restartIsDue = unfinished < this.window.end && this.#isOff(finished, estimated);
    this.window.advance(this.#restartIsDue ? unfinished : finished);
    this.#errors?.advance(this.window.finished);
  }

  /** Whether the chain is to be solved again. A round of step 0 alone could not finish a step. */
  #isOff(finished: number, estimated: boolean): boolean {
    const { atol } = this.#options, errors = this.#errors;
    if (!errors) return false;
    const isLast = finished <= 1 || errors.isComplete;
    if (!estimated && !isLast) return false;
    const estimate = { error: errors.errorOfSample, isLast };
    return this.#stabilityCheck.assessError(this.window.end, estimate, atol);
  }

  /** Solves the chain of a small window again from the top. */
  #restart(): void {
    const { variationSteps } = this.#options;
    this.#stabilityCheck.restart(this.window.finished);
    this.window.reopen(variationSteps);
    this.#evaluations.clear();
    this.#errors?.reset();
  }

  /** Gives the rows back. */
  [Symbol.dispose](): void {
    this.#workspace[Symbol.dispose]();
  }

  /** Why x_0 may be further from the sequential sample than the tolerance suggests. */
  get doubt(): string | undefined {
    return this.#stabilityCheck.doubt(this.#errors?.errorOfSample ?? 0, this.#options.atol);
  }

  /** 8, and 9 in a full window. A step below one that was not evaluated is not finished. */
  #finishedIndex(residuals: Float64Array): number {
    const { atol, rtol } = this.#options, checked = this.#lowestFinished;
    this.#lowestFinished = undefined;
    const isUnstable = checked !== undefined &&
      this.#stabilityCheck.assess(this.#moveSince(checked), atol);
    const factor = this.#stabilityCheck.toleranceFactor * this.#refinement.toleranceFactor;
    const tolerances = { atol: factor * atol, rtol: factor * rtol };
    const rule = { ...tolerances, scale: this.#scale, noiseScale: this.#noiseScale };
    const unfinished = finishedIndex(this.window, residuals, rule);
    const finished = this.#steps.includes(unfinished) ? unfinished : unfinished + 1;
    if (checked && !isUnstable) return Math.min(finished, checked.index - 1);
    return this.#stabilityCheck.limit(finished);
  }

  #moveSince({ index, x }: { index: number; x: Float64Array }): number {
    const square = differenceProducts(this.#x(index), x).square;
    return Math.sqrt(square / x.length) / this.#scale[index];
  }

  #x(t: number): Float64Array {
    return row(this.trajectory, t, this.#options.rowSize);
  }

  /** x_(t+1) of every step: a view if the steps are consecutive, else copies. */
  #inputs(steps: Int32Array): Float64Array {
    const { rowSize } = this.#options;
    const first = steps[0], last = steps[steps.length - 1];
    if (last - first === steps.length - 1) {
      return this.trajectory.subarray((first + 1) * rowSize, (last + 2) * rowSize);
    }
    steps.forEach((t, i) => this.#latents.set(this.#x(t + 1), i * rowSize));
    return this.#latents.subarray(0, steps.length * rowSize);
  }

  /**
   * 3: adds the evaluation of step t, at `index` in this round; returns the rms of its first-order
   * residual.
   */
  #addEvaluation(t: number, index: number): number {
    const { rowSize } = this.#options, { c, d, n } = this.#factors(t);
    const input = this.#x(t + 1), epsilon = row(this.#epsilon, index, rowSize);
    const xi = this.#noiseRows?.at(t) ?? input;
    const rms = this.#evaluations.add(t, { c, d, n, input, epsilon, xi, x: this.#x(t) });
    if (!Number.isFinite(rms)) {
      const where = { t, round: this.#round };
      checkFinite(input, "the input", where);
      checkFinite(epsilon, "the predicted noise", where);
    }
    return rms;
  }

  /** 4 to 7: writes x_t as a mix of the secant model and a jump. */
  #predict(t: number): void {
    const factors = this.#factors(t), { c, d, s } = factors;
    const evaluations = this.#evaluations, input = this.#x(t + 1);
    const distance = evaluations.probe(t, input);
    this.#recordStretch(t, factors);
    if (distance < UNCHANGED * this.#scale[t + 1]) return this.#step(t);
    const pairs = evaluations.secantCoefficients(t), slope = evaluations.slope(t, s) / s;
    const symmetric = this.#options.tqn.symmetric
      ? evaluations.symmetricCoefficients(t, { slope, pairs })
      : [0, 0] as const;
    const trust = this.#trustFactor(distance, s), jump = this.#jumpWeights(t);
    const weights = predictionWeights({ slope, pairs, symmetric, trust }, { c, d }, jump);
    const history = evaluations.history(t);
    this.#workspace.kernels.combine(weights, {
      history,
      input,
      inputAbove: this.#inputAbove(t),
      x: this.#x(t),
    });
    this.#addNoise(t, (1 - trust) * jump.noiseAbove);
  }

  #recordStretch(t: number, factors: Factors): void {
    if (!this.#stabilityCheck.records(t, this.window.end)) return;
    const stretch = this.#evaluations.stretch(t, factors, this.#scale[t + 1]);
    if (stretch !== undefined) this.#stabilityCheck.record(t, stretch);
  }

  /** Writes Step(t, x, E_t), bit for bit as sequential sampling does. */
  #step(t: number): void {
    const { schedule, noise, rowSize } = this.#options;
    const [{ output: epsilon }] = this.#evaluations.history(t), xi = row(noise, t, rowSize);
    step(schedule, t, { x: this.#x(t + 1), epsilon, xi, out: this.#x(t) });
  }

  /** θ of 6. */
  #trustFactor(distance: number, s: number): number {
    const { trustRadius } = this.#options.tqn;
    return trustRadius === 0 ? 1 : 1 / (1 + (distance / (trustRadius * s)) ** 2);
  }

  /** 1: writes x_t for a step that was never evaluated. */
  #jump(t: number): void {
    const { input, inputAbove, noiseAbove } = this.#jumpWeights(t);
    const rows = [this.#x(t + 1), this.#inputAbove(t)] as const;
    this.#workspace.kernels.weighted([input, inputAbove], rows, this.#x(t));
    this.#addNoise(t, noiseAbove);
  }

  #jumpWeights(t: number): JumpWeights {
    const last = this.#options.schedule.numSteps - 1;
    return jumpWeights(this.#factors(t), t < last ? this.#factors(t + 1) : undefined);
  }

  /** x_(t+2), or any row of finite numbers if there is none. */
  #inputAbove(t: number): Float64Array {
    return this.#x(Math.min(t + 2, this.#options.schedule.numSteps));
  }

  /** x_t += n ξ_t + `noiseAbove` ξ_(t+1). */
  #addNoise(t: number, noiseAbove: number): void {
    const n = this.#options.schedule.n[t], noise = this.#noiseRows;
    if (!noise || (n === 0 && noiseAbove === 0)) return;
    const rows = [noise.at(t), noise.at(t + 1)] as const;
    this.#workspace.kernels.addWeighted([n, noiseAbove], rows, this.#x(t));
  }

  #factors(t: number): Factors {
    const { c, d, n, sigma, clean } = this.#options.schedule;
    return { c: c[t], d: d[t], n: n[t], s: sigma[t], q: clean[t] };
  }
}
