/**
 * The noise of a run.
 * @module
 */
import type { TorchGenerator } from "../noise.ts";
import type { ScaledSchedule } from "./schedule.ts";
import { row } from "../system.ts";

/** Options of {@link drawNoise}. */
export interface NoiseOptions {
  /** The schedule; its `initialScale` is that of row T. */
  schedule: ScaledSchedule;
  /** The source of the numbers. */
  generator: TorchGenerator;
  /** Elements of one latent. */
  rowSize: number;
}

/**
 * Draws the samplers' option `noise`: standard normal noise for every step, and x_T.
 *
 * @returns `[T+1, rowSize]`
 * @example
 * ```ts
 * import { createEulerSchedule, drawNoise, TorchGenerator } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const schedule = createEulerSchedule({ kind: "stable-diffusion", numInferenceSteps: 20 });
 * const noise = drawNoise({ schedule, generator: new TorchGenerator(0), rowSize: 16 });
 * const drawn = new TorchGenerator(0).randn(21 * 16);
 * assert.equal(noise[20 * 16], schedule.initialScale * drawn[20 * 16]);
 * ```
 */
export function drawNoise({ schedule, generator, rowSize }: NoiseOptions): Float64Array {
  const { numSteps, initialScale = 1 } = schedule;
  const noise = generator.randn((numSteps + 1) * rowSize);
  const top = row(noise, numSteps, rowSize);
  for (let i = 0; i < rowSize; i++) top[i] *= initialScale;
  return noise;
}
