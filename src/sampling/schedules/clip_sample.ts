/**
 * Clipping of the sample that a prediction implies, by diffusers' `clip_sample` or `thresholding`.
 *
 * | letter | here |
 * |---|---|
 * | D = (x − s e)/q, the implied sample; D̂ after clipping | `clean`, `clipped` |
 * | ê with D̂ = (x − s ê)/q: the noise changes with the sample, as in DDPM | e + q/s (D − D̂) |
 * | e′ with d e′ = d e + √ᾱ′ (D̂ − D): the noise is kept, as in DDIM | e + √ᾱ′/d (D̂ − D) |
 *
 * In both cases the step is c x + d e + n ξ with another e, which depends on x only, so that all
 * samplers can use it.
 * @module
 */
import { checkNumber } from "../arguments.ts";
import type { Denoiser } from "../denoiser.ts";
import { predictSample } from "../predict_sample.ts";
import type { Schedule } from "./schedule.ts";
import { row } from "../system.ts";

/** Options of {@link clipSample}, with diffusers' names. */
export interface ClipOptions {
  /** The schedule of the denoiser. */
  schedule: Schedule;
  /** Values are clipped to ± this; default 1. Not with `thresholding`. */
  clipSampleRange?: number;
  /**
   * Dynamic thresholding (Saharia et al., "Photorealistic text-to-image diffusion models", 2022)
   * instead of a fixed range: a latent is clipped to ± the quantile `ratio` of its absolute values
   * (at least 1, at most `sampleMaxValue`) and divided by it. Defaults 0.995 and 1.
   */
  thresholding?: { ratio?: number; sampleMaxValue?: number };
  /**
   * Clips the sample but keeps the predicted noise, as `DDIMScheduler` does. Otherwise the noise is
   * derived from the clipped sample, as in `DDPMScheduler` and with `use_clipped_model_output`.
   * Only for DDIM schedules. Default `false`.
   */
  keepNoise?: boolean;
}

/**
 * Wraps a denoiser so that its predictions imply clipped samples.
 *
 * @throws {RangeError} if an option is out of its range
 * @example
 * ```ts
 * import { clipSample, createSchedule, type Denoiser, sequentialSample } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const schedule = createSchedule({ kind: "dit", numInferenceSteps: 10, eta: 1 });
 * const far: Denoiser = { // predicts that the sample is 5
 *   rowSize: 1,
 *   predictNoise(latents, steps, out) {
 *     steps.forEach((t, i) => out[i] = (latents[i] - 5 * schedule.signal[t]) / schedule.sigma[t]);
 *     return Promise.resolve();
 *   },
 * };
 * const clipped = clipSample(far, { schedule });
 * const { sample } = await sequentialSample(clipped, { schedule, noise: new Float64Array(11) });
 * assert.ok(Math.abs(sample[0] - 1) < 1e-9);
 * ```
 */
export function clipSample(denoiser: Denoiser, options: ClipOptions): Denoiser {
  const { schedule, keepNoise = false } = options, { rowSize } = denoiser;
  const clip = clipping(options);
  const weight = (t: number) =>
    keepNoise
      ? Math.sqrt(schedule.alphasCumprodPrev[t]) / schedule.d[t]
      : -schedule.clean[t] / schedule.sigma[t];
  return {
    rowSize,
    schedule,
    async predictNoise(latents, steps, out, signal) {
      await denoiser.predictNoise(latents, steps, out, signal);
      steps.forEach((t, i) => {
        const x = row(latents, i, rowSize), e = row(out, i, rowSize);
        const clean = predictSample(schedule, t, { x, epsilon: e, rowSize });
        if (clean === undefined) return;
        const clipped = clip(clean), w = weight(t);
        for (let j = 0; j < rowSize; j++) e[j] += w * (clipped[j] - clean[j]);
      });
    },
  };
}

type Clip = (values: Float64Array) => Float64Array;

function clipping({ clipSampleRange, thresholding }: ClipOptions): Clip {
  if (!thresholding) {
    const range = clipSampleRange ?? 1;
    checkNumber("clipSampleRange", range, Number.MIN_VALUE, Number.MAX_VALUE);
    return (values) => clamp(values, range);
  }
  if (clipSampleRange !== undefined) {
    throw new RangeError(
      `clipSampleRange is ${clipSampleRange} with thresholding, wanted one of them`,
    );
  }
  const { ratio = 0.995, sampleMaxValue = 1 } = thresholding;
  checkNumber("thresholding.ratio", ratio, 0, 1);
  checkNumber("thresholding.sampleMaxValue", sampleMaxValue, 1, Number.MAX_VALUE);
  return (values) => {
    const range = Math.min(Math.max(quantile(values.map(Math.abs), ratio), 1), sampleMaxValue);
    return clamp(values, range, range);
  };
}

function clamp(values: Float64Array, range: number, divisor = 1): Float64Array {
  const clamped = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    clamped[i] = Math.min(Math.max(values[i], -range), range) / divisor;
  }
  return clamped;
}

/** Quantile with linear interpolation between the two nearest values. */
function quantile(values: Float64Array, ratio: number): number {
  const sorted = values.toSorted(), place = ratio * (sorted.length - 1), below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
