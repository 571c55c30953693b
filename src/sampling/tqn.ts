/**
 * TQN: a triangular quasi-Newton solver for the same equations, window and stop rule as ParaTAA. A sweep from the top of the window
 * predicts the network at every new latent from earlier evaluations of the same step.
 *
 * | letter | here |
 * |---|---|
 * | x_t, ξ_t, ε_t | rows t of `trajectory`, `noise`, and of the answers in `#epsilon` |
 * | s_t = √(1−ᾱ_t), q_t = √ᾱ_t | `s`, `q` |
 * | (X_t, E_t) and the secant pairs of step t | `#evaluations` |
 * | D, the x_0-prediction at the bottom of the last sweep | `#clean` |
 * | e = E_t + (β/s) dd + Σ g_j (y_j − (β/s) a_j) | `predict`, its first part |
 * | e += Σ h_j a_j, where the derivative is taken for symmetric | `mirrored` |
 * | θ = 1/(1 + (rms(dd)/(ρ s))²), e ← θ e + (1−θ)(x − q D)/s | `#trust`, `predict` |
 *
 * A step whose input did not change, the highest of the window always among them, keeps exactly Step(t, x, E_t) (θ = 1): the
 * safeguard that bounds the rounds by T.
 * @module
 */
import { Evaluations } from "./evaluations.ts";
import type { ResolvedOptions } from "./options.ts";
import { firstTrajectory, type Questions, type Solver } from "./solver.ts";
import { checkFinite, row } from "./system.ts";
import { addNoise, jump, predict } from "./tqn_kernels.ts";
import { finishedIndex, Window } from "./window.ts";

/** Below an ᾱ of a sixth the picture is not decided: errors may grow on their way to x_0, and rtol gets stricter. */
const UNDECIDED = 1 / 6;

/** TQN at work on one sample. */
export class Tqn implements Solver {
  readonly trajectory: Float64Array;
  readonly window: Window;
  readonly #options: ResolvedOptions;
  readonly #evaluations: Evaluations;
  readonly #latents: Float64Array;
  readonly #epsilon: Float64Array;
  readonly #clean: Float64Array;
  #steps: Int32Array = new Int32Array(0);
  /** Round in which a step was last skipped; 0 for never. */
  readonly #skipped: Int32Array;
  /** What rtol is relative to. */
  readonly #noiseScale: Float64Array;
  #round = 0;

  /** Allocates everything that the run will need. */
  constructor(options: ResolvedOptions) {
    const { schedule, rowSize, windowSize, initialTrajectory, tqn } = options;
    this.#options = options;
    this.trajectory = firstTrajectory(options);
    this.window = new Window({
      size: windowSize,
      finished: options.variationSteps,
      uninitialised: initialTrajectory ? -1 : schedule.numSteps - 1,
    });
    this.#evaluations = new Evaluations({ ...tqn, numSteps: schedule.numSteps, rowSize });
    const apart = tqn.strides.filter((stride) => stride > 1);
    const least = tqn.skipRadius > 0 ? 1 : Math.min(...apart);
    const gathered = Math.max(1, Math.ceil(windowSize / least));
    this.#latents = new Float64Array(gathered * rowSize);
    this.#epsilon = new Float64Array(windowSize * rowSize);
    this.#clean = new Float64Array(rowSize);
    this.#skipped = new Int32Array(schedule.numSteps);
    this.#noiseScale = schedule.noiseScale.map((scale, t) =>
      scale * Math.min(1, schedule.alphasCumprod[t] / UNDECIDED)
    );
  }

  /** Steps that enter the window start from a jump with the last D, in the first round D = 0. */
  ask(): Questions {
    const { rowSize } = this.#options;
    const { from, to } = this.window.slide();
    for (let t = to - 1; t >= from; t--) this.#jump(t);
    this.#round++;
    const steps = this.#steps = this.#stepsToAsk();
    const epsilon = this.#epsilon.subarray(0, steps.length * rowSize);
    return { steps, latents: this.#inputs(steps), epsilon };
  }

  /** One sweep from the top; no step below one that was not evaluated is known to be finished. */
  update(): Float64Array {
    const { start, end } = this.window;
    const { atol, rtol } = this.#options;
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
    const rule = { atol, rtol, noiseScale: this.#noiseScale };
    const finished = finishedIndex(this.window, residuals, rule);
    this.window.advance(this.#steps.includes(finished) ? finished : finished + 1);
    return residuals;
  }

  #x(t: number): Float64Array {
    return row(this.trajectory, t, this.#options.rowSize);
  }

  #stepsToAsk(): Int32Array {
    const { start, end } = this.window;
    const { tqn: { strides, start: kind, skipRadius }, initialTrajectory } = this.#options;
    if (this.#round === 1 && kind === "top" && !initialTrajectory) return Int32Array.of(end - 1);
    if (this.#round > strides.length && skipRadius > 0) return this.#stepsNotSkipped();
    const stride = strides[this.#round - 1] ?? 1;
    const count = Math.ceil((end - start) / stride);
    return Int32Array.from({ length: count }, (_, i) => end - 1 - (count - 1 - i) * stride);
  }

  /** Leaves out every second step whose evaluation would soon be worth nothing, none twice in a row, never the highest. */
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
    const { rowSize } = this.#options;
    const above = this.#x(t + 1), x = this.#x(t), { n } = this.#factors(t);
    const epsilon = row(this.#epsilon, asked, rowSize);
    const xi = n === 0 ? above : row(this.#options.noise, t, rowSize);
    const rms = this.#evaluations.add(t, { ...this.#factors(t), above, epsilon, xi, x });
    if (!Number.isFinite(rms)) {
      const where = { t, round: this.#round };
      checkFinite(above, "the latent above", where);
      checkFinite(epsilon, "the predicted noise", where);
    }
    return rms;
  }

  #predict(t: number): void {
    const evaluations = this.#evaluations, factors = this.#factors(t), above = this.#x(t + 1);
    const distance = evaluations.probe(t, above);
    const pairs = evaluations.coefficients(t);
    const slope = evaluations.slope(t, factors.s) / factors.s;
    const trust = this.#trust(distance, factors.s);
    const mirrored = this.#options.tqn.symmetric
      ? evaluations.mirrored(t, { slope, pairs })
      : [0, 0] as const;
    predict({ ...factors, slope, pairs, mirrored, trust }, {
      ...evaluations.known(t),
      ...{ above, clean: this.#clean, x: this.#x(t) },
    });
    this.#addNoise(t);
  }

  #trust(distance: number, s: number): number {
    const { trustRadius } = this.#options.tqn;
    return trustRadius === 0 ? 1 : 1 / (1 + (distance / (trustRadius * s)) ** 2);
  }

  #jump(t: number): void {
    jump(this.#factors(t), { above: this.#x(t + 1), clean: this.#clean, x: this.#x(t) });
    this.#addNoise(t);
  }

  #addNoise(t: number): void {
    const { schedule, noise, rowSize } = this.#options;
    addNoise(schedule.n[t], row(noise, t, rowSize), this.#x(t));
  }

  #factors(t: number): Record<"c" | "d" | "n" | "s" | "q", number> {
    const { c, d, n, alphasCumprod } = this.#options.schedule;
    const a = alphasCumprod[t];
    return { c: c[t], d: d[t], n: n[t], s: Math.sqrt(1 - a), q: Math.sqrt(a) };
  }
}
