/**
 * The interface between samplers and networks.
 * @module
 */
import type { Schedule } from "./schedules/schedule.ts";

/**
 * Predicts the noise of some steps. Guidance, number formats and batching are inside.
 *
 * @example A denoiser for data that is a single point, `target`
 * ```ts
 * import { createSchedule, type Denoiser, sequentialSample } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const schedule = createSchedule({ kind: "dit", numInferenceSteps: 10 });
 * const target = [1, -2];
 * const denoiser: Denoiser = {
 *   rowSize: 2,
 *   predictNoise(latents, steps, out) {
 *     steps.forEach((t, row) => {
 *       const a = schedule.alphasCumprod[t];
 *       for (let i = 0; i < 2; i++) {
 *         const k = row * 2 + i;
 *         out[k] = (latents[k] - Math.sqrt(a) * target[i]) / Math.sqrt(1 - a);
 *       }
 *     });
 *     return Promise.resolve();
 *   },
 * };
 * const noise = new Float64Array(11 * 2).fill(0.5);
 * const { sample } = await sequentialSample(denoiser, { schedule, noise });
 * assert.ok(sample.every((value, i) => Math.abs(value - target[i]) < 1e-9));
 * ```
 */
export interface Denoiser {
  /** Elements of one latent, for example 4·64·64. */
  readonly rowSize: number;

  /**
   * The schedule that the denoiser depends on, if any. Samplers refuse to run with a schedule of
   * other noise levels.
   */
  readonly schedule?: Schedule;

  /**
   * Whether outputs depend on the inputs of earlier calls, as those of {@link secondOrder}.
   * Samplers then evaluate no inputs but those of the chain.
   */
  readonly remembers?: boolean;

  /**
   * Writes the guided noise prediction of every row.
   *
   * @param latents `[rows, rowSize]`, x_(t+1) of every row; a view of the sampler's state that must
   * not be written to or kept
   * @param steps schedule index t of every row, 0 (the last step) … T−1 (the noisiest), strictly
   * ascending
   * @param out `[rows, rowSize]`, to be filled before the promise settles
   * @param signal aborts the run; reject with its reason
   */
  predictNoise(
    latents: Float64Array,
    steps: Int32Array,
    out: Float64Array,
    signal?: AbortSignal,
  ): Promise<void>;
}

/**
 * Throws if the denoiser's schedule has other noise levels than `schedule`; `eta` may differ.
 *
 * @throws {RangeError}
 */
export function checkSameChain({ schedule: own }: Denoiser, schedule: Schedule): void {
  if (own === undefined || own === schedule) return;
  const hint = "pass the same schedule to the denoiser and to the sampler";
  if (own.numSteps !== schedule.numSteps) {
    throw new RangeError(
      `the denoiser was made for ${own.numSteps} steps, the sampler's schedule has ` +
        `${schedule.numSteps}: ${hint}`,
    );
  }
  const t = own.timesteps.findIndex((timestep, t) =>
    timestep !== schedule.timesteps[t] || own.alphasCumprod[t] !== schedule.alphasCumprod[t] ||
    own.signal[t] !== schedule.signal[t] || own.clean[t] !== schedule.clean[t]
  );
  if (t < 0) return;
  throw new RangeError(
    `the denoiser was made for timestep ${own.timesteps[t]} (alphas_cumprod ` +
      `${own.alphasCumprod[t]}) at step ${t}, the sampler's schedule has ${
        schedule.timesteps[t]
      } ` +
      `(${schedule.alphasCumprod[t]}): ${hint}`,
  );
}
