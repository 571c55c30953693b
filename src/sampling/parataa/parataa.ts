/**
 * ParaTAA: fixed-point iteration on a window of steps, with triangular Anderson acceleration (Tang
 * et al. 2024).
 *
 * | paper | here |
 * |---|---|
 * | x_t, ε_t, ξ_t | rows t of `trajectory`, `#epsilon`, `noise` |
 * | r_t = c_t x_(t+1) + d_t ε_t + n_t ξ_t − x_t | row t of `#epsilon` after the sweep |
 * | R_t, the residual over min(k, t1 − t) steps | `#memory.residual(t)` |
 * | x_t + R_t | `#memory.image(t)` |
 * | k, W, m, λ | `order`, `windowSize`, `memorySize`, `regularization` |
 *
 * R_t = Σ_(j=t)^(t+k−1) (Π_(i=t)^(j−1) c_i) r_j, with r_j = 0 above the window. A sweep from the
 * top computes it in O(T·d) by R_t = r_t + c_t R_(t+1) − (Π_(i=t)^(t+k−1) c_i) r_(t+k).
 * @module
 */
import { AndersonMemory } from "./anderson.ts";
import type { ResolvedOptions } from "../options.ts";
import { rms } from "../reductions.ts";
import { sweep } from "./residual.ts";
import { latentScale } from "../latent_scale.ts";
import { type EvaluationRequest, firstTrajectory, type Solver } from "../solver.ts";
import { checkFinite, row } from "../system.ts";
import { finishedIndex, SlidingWindow } from "../window.ts";

/** The state of ParaTAA for one sample; `memorySize` 1 is plain fixed-point iteration. */
export class ParaTaa implements Solver {
  readonly trajectory: Float64Array;
  readonly window: SlidingWindow;
  readonly #options: ResolvedOptions;
  readonly #memory: AndersonMemory;
  readonly #epsilon: Float64Array;
  readonly #steps: Int32Array;
  readonly #zero: Float64Array;
  /** Π_(i=t)^(t+k−1) c_i. */
  readonly #cProduct: Float64Array;
  /** Scale of every x_t. */
  readonly #scale: Float64Array;
  #round = 0;

  /** Allocates all buffers of the run. */
  constructor(options: ResolvedOptions) {
    const { schedule, rowSize, windowSize, order, compat } = options;
    this.#options = options;
    this.#scale = latentScale(schedule);
    this.trajectory = firstTrajectory(options);
    this.window = new SlidingWindow({
      size: windowSize,
      finished: options.variationSteps,
      uninitialised: options.initialTrajectory ? -1 : schedule.numSteps - 1,
    });
    this.#memory = new AndersonMemory({
      ...options,
      scale: this.#scale,
      numSteps: schedule.numSteps,
      oldestFirst: compat === "official",
    });
    this.#epsilon = new Float64Array(windowSize * rowSize);
    this.#steps = Int32Array.from({ length: schedule.numSteps }, (_, t) => t);
    this.#zero = new Float64Array(rowSize);
    this.#cProduct = schedule.c.map((_, t) =>
      schedule.c.subarray(t, t + order).reduce((product, c) => product * c, 1)
    );
  }

  /**
   * Steps that enter the window start from the lowest x that has a value, converted to their scale.
   */
  ask(): EvaluationRequest {
    const { rowSize } = this.#options;
    const { from, to } = this.window.slide();
    for (let t = from; t < to; t++) this.#copy(to, t);
    const { start, end } = this.window;
    return {
      steps: this.#steps.slice(start, end),
      latents: this.trajectory.subarray((start + 1) * rowSize, (end + 1) * rowSize),
      epsilon: this.#epsilon.subarray(0, (end - start) * rowSize),
    };
  }

  /**
   * Accelerates the steps below the highest unfinished one. That step and those above take x + R,
   * which bounds the rounds by T.
   */
  update(): Float64Array {
    const { start, end } = this.window;
    const residuals = new Float64Array(end - start);
    this.#round++;
    this.#memory.nextRound();
    for (let t = end - 1; t >= start; t--) residuals[t - start] = this.#residual(t);
    const { atol, rtol, schedule } = this.#options;
    const { noiseScale } = schedule, scale = this.#scale;
    const finished = finishedIndex(this.window, residuals, { atol, rtol, scale, noiseScale });
    for (let t = end - 1; t >= start; t--) {
      this.#memory.remember(t);
      if (t < finished) this.#memory.accelerate(t, this.#x(t));
      else this.#x(t).set(this.#memory.image(t));
    }
    this.window.advance(finished);
    return residuals;
  }

  /** Copies x_from to x_t, at the scale of x_t. */
  #copy(from: number, t: number): void {
    const ratio = this.#scale[t] / this.#scale[from], x = this.#x(t), source = this.#x(from);
    for (let i = 0; i < x.length; i++) x[i] = ratio * source[i];
  }

  #x(t: number): Float64Array {
    return row(this.trajectory, t, this.#options.rowSize);
  }

  /** Replaces ε_t by r_t, writes R_t and x_t + R_t, and returns the rms of r_t. */
  #residual(t: number): number {
    const { schedule, noise, rowSize, order } = this.#options;
    const { start, end } = this.window;
    const r = row(this.#epsilon, t - start, rowSize);
    const input = this.#x(t + 1), inWindow = t + order < end;
    sweep(
      { c: schedule.c[t], d: schedule.d[t], n: schedule.n[t], cProduct: this.#cProduct[t] },
      {
        input,
        x: this.#x(t),
        xi: schedule.n[t] === 0 ? input : row(noise, t, rowSize),
        r,
        residualAbove: t + 1 < end ? this.#memory.residual(t + 1) : this.#zero,
        dropped: inWindow ? row(this.#epsilon, t + order - start, rowSize) : this.#zero,
        residual: this.#memory.residual(t),
        image: this.#memory.image(t),
      },
    );
    const value = rms(r);
    if (!Number.isFinite(value)) this.#checkRows(t, r);
    return value;
  }

  /** Throws if a row is not finite; it is finite if only the sum of squares overflowed. */
  #checkRows(t: number, r: Float64Array): void {
    const where = { t, round: this.#round };
    checkFinite(this.#x(t + 1), "the input", where);
    checkFinite(this.#x(t), "the latent", where);
    checkFinite(r, "the predicted noise", where);
  }
}
