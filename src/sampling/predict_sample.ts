/**
 * The x_0-prediction that a predicted noise implies.
 * @module
 */
import type { Schedule } from "./schedules/schedule.ts";

/** Input and output of the denoiser; only the first row of each is used. */
export interface DenoiserRow {
  /** x_(t+1). */
  x: Float64Array;
  /** The prediction e. */
  epsilon: Float64Array;
  rowSize: number;
}

/**
 * (x − sigma_t e) / clean_t, `[rowSize]`; `undefined` if clean_t is 0: at pure noise a predicted
 * noise does not determine x_0.
 */
export function predictSample(
  { sigma, clean }: Schedule,
  t: number,
  { x, epsilon, rowSize }: DenoiserRow,
): Float64Array | undefined {
  const s = sigma[t], q = clean[t];
  if (q === 0) return undefined;
  const sample = new Float64Array(rowSize);
  for (let i = 0; i < rowSize; i++) sample[i] = (x[i] - s * epsilon[i]) / q;
  return sample;
}
