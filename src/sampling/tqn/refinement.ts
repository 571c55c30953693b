/**
 * Refinement of the last steps in a small window. Nearly all of the error of x_0 comes from steps
 * of little noise. In the last rounds, when the window is not full, those of them that are finished
 * are evaluated again if their input has moved. In return every step may have a larger residual.
 * @module
 */
import type { ResolvedOptions } from "../options.ts";
import type { SlidingWindow } from "../window.ts";
import { type Evaluations, UNCHANGED } from "./evaluations.ts";
import { latentScale } from "../latent_scale.ts";

/**
 * Noise √(1−ᾱ), relative to the scale of x_t, below which a finished step is refined: an error of
 * these steps reaches x_0 hardly damped, one of a noisier step damped to a hundredth.
 */
const REFINED_NOISE = 0.3;

/** The refinement of one run; it changes nothing in a window of all steps. */
export class Refinement {
  readonly #options: ResolvedOptions;
  readonly #evaluations: Evaluations;
  readonly #scale: Float64Array;
  /** Whether the run refines. */
  readonly enabled: boolean;

  /** @param evaluations those of the run */
  constructor(options: ResolvedOptions, evaluations: Evaluations) {
    const { schedule, windowSize, variationSteps, tqn, denoiserRemembers } = options;
    this.#options = options;
    this.#evaluations = evaluations;
    this.#scale = latentScale(schedule);
    this.enabled = tqn.refinement > 0 && windowSize < variationSteps && !denoiserRemembers;
  }

  /** Factor of the tolerances. */
  get toleranceFactor(): number {
    return this.enabled ? this.#options.tqn.refinement : 1;
  }

  /** Finished steps to evaluate again, ascending; none before the window reaches the last step. */
  steps({ start, end }: SlidingWindow): number[] {
    if (!this.enabled || start > 0) return [];
    const count = this.#options.windowSize - end;
    return Array.from({ length: count }, (_, i) => end + i).filter((t) => this.#isDue(t));
  }

  #isDue(t: number): boolean {
    const { sigma } = this.#options.schedule, scale = this.#scale;
    return sigma[t] < REFINED_NOISE * scale[t] && this.#evaluations.has(t) &&
      this.#evaluations.lastMove(t) >= UNCHANGED * scale[t + 1];
  }
}
