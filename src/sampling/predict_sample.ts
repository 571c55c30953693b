/**
 * The network's x_0-prediction.
 * @module
 */
import type { Schedule } from "./schedules/schedule.ts";

/** An input and an answer of the network, the first row of each. */
export interface Answer {
  /** x_(t+1). */
  x: Float64Array;
  /** The prediction e. */
  epsilon: Float64Array;
  rowSize: number;
}

/**
 * (x − sigma_t e) / clean_t, `[rowSize]`; `undefined` where clean is 0, at a level of pure noise,
 * where a predicted noise says nothing of x_0.
 */
export function predictSample(
  { sigma, clean }: Schedule,
  t: number,
  { x, epsilon, rowSize }: Answer,
): Float64Array | undefined {
  const s = sigma[t], q = clean[t];
  if (q === 0) return undefined;
  const sample = new Float64Array(rowSize);
  for (let i = 0; i < rowSize; i++) sample[i] = (x[i] - s * epsilon[i]) / q;
  return sample;
}
