/**
 * Estimate of the error that the accepted steps pass on to x_0, for windows smaller than T.
 *
 * A finished x_t has an error E_t: that of the steps above it, as the network passes it on. Most
 * chains damp it. A few amplify it a thousandfold although all their residuals are small, and end
 * at another image. E is carried from step to step:
 *
 * 1. A step was evaluated at X_t and accepted after its input moved by dd = x_(t+1) − X_t. The
 *    prediction is then off by about κ_t |d|/s dd, of unknown sign; it is added with the sign that
 *    enlarges E.
 * 2. Where the image is being decided, every {@link SPACING} in ln SNR, the next round also
 *    evaluates the lowest finished step at x_(t+1) + h E/rms(E). The difference from ε_t gives the
 *    network's derivative along E, hence D, the x_0-prediction of E, and E_t = c E + d (E − q D)/s.
 * 3. At the other steps D is taken as unchanged.
 *
 * rms(D) estimates the error of x_0. A perturbed evaluation takes the place of a step of a full
 * window, so that no round has more rows than W.
 *
 * κ_t = κ SNR/(SNR + ρ): at a noisy step the x_0-prediction hardly depends on x, and a prediction
 * is better than at a step where the image takes shape. κ and ρ are medians over 85 recorded runs
 * on dit-emoji and sd-emoji (docs/small-windows.md).
 * @module
 */
import type { ResolvedOptions } from "../options.ts";
import type { Schedule } from "../schedules/schedule.ts";
import { latentScale } from "../latent_scale.ts";
import type { AcceptedRows, Kernels } from "../kernels/plain_kernels.ts";
import type { Workspace } from "../kernels/workspace.ts";

/** κ. */
const PREDICTION_ERROR = 0.8;
/** ρ, the signal-to-noise ratio at which κ_t is half of κ. */
const HALF_ERROR_SNR = 1 / 40;
/** h, at unit scale of the input: far above rounding and dd, and within the linear range. */
const PERTURBATION = 0.01;
/** Perturbed evaluations are this far apart in the logarithm of the signal-to-noise ratio. */
const SPACING = 0.7;
/** ᾱ of the perturbed evaluations: from where an image begins to show to its last details. */
const DECISIVE_ALPHAS = { from: 0.02, to: 0.99 };

/** The rows of a finished step: its input x_(t+1), x_t, and the noise ξ_t that it added. */
export type FinishedStep = Record<"input" | "x" | "xi", Float64Array>;

/** The error estimate of one run. */
export class ErrorEstimate {
  readonly #schedule: Schedule;
  readonly #scale: Float64Array;
  readonly #kernels: Kernels;
  /** E at the input of the next step. */
  readonly #error: Float64Array;
  /** D. */
  readonly #clean: Float64Array;
  #rms = 0;
  #cleanRms = 0;
  /** ln SNR of the last perturbed evaluation. */
  #lastLogSnr = -Infinity;

  /** Allocates two rows. */
  constructor(
    { schedule, rowSize }: Pick<ResolvedOptions, "schedule" | "rowSize">,
    workspace: Workspace,
  ) {
    this.#schedule = schedule;
    this.#scale = latentScale(schedule);
    this.#kernels = workspace.kernels;
    this.#error = workspace.allocate(rowSize);
    this.#clean = workspace.allocate(rowSize);
    this.reset();
  }

  /** Estimated rms error of x_0, at unit scale; 0 before the first perturbed evaluation. */
  get errorOfSample(): number {
    return this.#cleanRms;
  }

  /** Whether no further perturbed evaluation will be due. */
  get isComplete(): boolean {
    const last = this.#schedule.alphasCumprod.findIndex((alpha) => alpha <= DECISIVE_ALPHAS.to);
    return last < 0 || Math.log(this.#snr(last)) < this.#lastLogSnr + SPACING;
  }

  /** Whether step t, the next one, should be evaluated at a perturbed input. */
  isDue(t: number): boolean {
    const { alphasCumprod: { [t]: alpha } } = this.#schedule;
    return this.#rms > 0 && alpha >= DECISIVE_ALPHAS.from && alpha <= DECISIVE_ALPHAS.to &&
      Math.log(this.#snr(t)) >= this.#lastLogSnr + SPACING;
  }

  /** Writes x_(t+1) + h E/rms(E) to `out`. */
  perturb(t: number, input: Float64Array, out: Float64Array): void {
    this.#kernels.weighted([1, this.#size(t) / this.#rms], [input, this.#error], out);
  }

  /** Updates D from `epsilon`, the network's output at the perturbed input of step t. */
  learn(t: number, epsilon: Float64Array, rows: FinishedStep): void {
    const { c: { [t]: c }, d: { [t]: d }, n: { [t]: n }, sigma, clean } = this.#schedule;
    const factors = { c, d, n, s: sigma[t], q: clean[t], perUnit: this.#rms / this.#size(t) };
    const all = { ...factors, ...rows, epsilon, error: this.#error };
    const square = this.#kernels.cleanError(all, this.#clean);
    this.#cleanRms = Math.sqrt(square / this.#clean.length);
    this.#lastLogSnr = Math.log(this.#snr(t));
  }

  /** Carries E over step t. */
  carry(t: number, rows: AcceptedRows): void {
    const { c, d, sigma, clean } = this.#schedule, s = sigma[t], error = this.#error;
    const weights = [c[t] + d[t] / s, -d[t] * clean[t] / s] as const;
    const alignment = this.#kernels.carryError(weights, [error, this.#clean], rows);
    const added = Math.sign(alignment || 1) * this.#predictionError(t) * Math.abs(d[t]) / s;
    this.#rms = Math.sqrt(this.#kernels.addMove(added, error, rows) / error.length);
  }

  /** Starts again with E = 0. */
  reset(): void {
    this.#error.fill(0);
    this.#clean.fill(0);
    this.#rms = this.#cleanRms = 0;
    this.#lastLogSnr = -Infinity;
  }

  /** κ_t. */
  #predictionError(t: number): number {
    const snr = this.#snr(t);
    return PREDICTION_ERROR / (1 + HALF_ERROR_SNR / snr);
  }

  /** rms of the perturbation of step t's input. */
  #size(t: number): number {
    return PERTURBATION * this.#scale[t + 1];
  }

  #snr(t: number): number {
    const { alphasCumprod: { [t]: alpha } } = this.#schedule;
    return alpha / (1 - alpha);
  }
}
