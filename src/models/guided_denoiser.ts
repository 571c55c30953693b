/** Classifier-free guidance over a network: the solver's view of a model. @module */
import type { Denoiser } from "../sampling/denoiser.ts";
import type { Schedule } from "../sampling/schedule.ts";
import type { ConditionalNetwork } from "./conditional_network.ts";
import type { ConditionRow } from "./row_buffers.ts";
import type { PredictionType } from "./scheduler_file.ts";

/** Options of {@link GuidedDenoiser}. */
export interface GuidedDenoiserOptions {
  /** Gives the model's timestep of every step. */
  schedule: Schedule;
  /** What the network predicts; noise by default. */
  predictionType?: PredictionType;
  /** Condition that is wanted. */
  conditional: ConditionRow;
  /** Condition that is led away from: the null class, the negative prompt. */
  unconditional: ConditionRow;
  /** Guidance w; at 1 the unconditional rows are not evaluated. */
  guidanceScale: number;
  /** Leading channels that are guided; the others take the conditional noise. All by default. */
  guidedChannels?: number;
  /** Most network rows in one call. */
  batchSize?: number;
}

/**
 * ε = ε_u + w (ε_c − ε_u) at each row's own timestep (Ho & Salimans, "Classifier-free diffusion guidance", 2022).
 *
 * Every step takes two network rows, the conditional one first, in calls of at most `batchSize` rows; results do not depend
 * on where the calls are cut. One `predictNoise` at a time.
 */
export class GuidedDenoiser implements Denoiser {
  readonly rowSize: number;
  /** Network rows evaluated so far. */
  networkRows = 0;
  /** Milliseconds spent inside the network so far. */
  networkMilliseconds = 0;
  readonly #network: ConditionalNetwork;
  readonly #options: GuidedDenoiserOptions;
  readonly #guidedSize: number;
  readonly #conditions: readonly ConditionRow[];

  /** @param network stays the caller's to close */
  constructor(network: ConditionalNetwork, options: GuidedDenoiserOptions) {
    const [channels, height, width] = network.latentShape;
    this.rowSize = network.rowSize;
    this.#network = network;
    this.#options = options;
    this.#guidedSize = (options.guidedChannels ?? channels) * height * width;
    const { conditional, unconditional, guidanceScale } = options;
    this.#conditions = guidanceScale === 1 ? [conditional] : [conditional, unconditional];
  }

  async predictNoise(
    latents: Float64Array,
    steps: Int32Array,
    out: Float64Array,
    signal?: AbortSignal,
  ): Promise<void> {
    const perStep = this.#conditions.length;
    const rows = steps.length * perStep;
    const capacity = this.#network.reserve(Math.min(this.#options.batchSize ?? rows, rows));
    for (let start = 0; start < rows; start += capacity) {
      const count = Math.min(capacity, rows - start);
      for (let slot = 0; slot < count; slot++) {
        const step = Math.floor((start + slot) / perStep);
        const condition = this.#conditions[(start + slot) % perStep];
        const timestep = this.#options.schedule.timesteps[steps[step]];
        this.#network.setRow(slot, latents, step * this.rowSize, timestep, condition);
      }
      const before = performance.now();
      await this.#network.run(count, signal);
      this.networkMilliseconds += performance.now() - before;
      this.networkRows += count;
      for (let slot = 0; slot < count; slot++) {
        const step = Math.floor((start + slot) / perStep);
        const noise = this.#network.noise(slot);
        if ((start + slot) % perStep === 0) out.set(noise, step * this.rowSize);
        else this.#guide(out, step * this.rowSize, noise);
      }
    }
    if (this.#options.predictionType === "v_prediction") {
      this.#noiseFromVelocity(latents, steps, out);
    }
  }

  /** `out` holds ε_c and becomes the guided noise; a call may end between the two rows of a step. */
  #guide(out: Float64Array, offset: number, unconditional: ArrayLike<number>): void {
    const w = this.#options.guidanceScale;
    for (let i = 0; i < this.#guidedSize; i++) {
      const u = unconditional[i];
      out[offset + i] = u + w * (out[offset + i] - u);
    }
  }

  /** ε = √ᾱ v + √(1−ᾱ) x (Salimans & Ho, "Progressive distillation", 2022); linear, so it may follow guidance. */
  #noiseFromVelocity(latents: Float64Array, steps: Int32Array, out: Float64Array): void {
    for (let row = 0, i = 0; row < steps.length; row++) {
      const alpha = this.#options.schedule.alphasCumprod[steps[row]];
      const [a, s] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
      for (const end = i + this.rowSize; i < end; i++) out[i] = a * out[i] + s * latents[i];
    }
  }
}
