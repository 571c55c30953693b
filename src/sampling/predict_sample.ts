/**
 * The network's x_0-prediction.
 * @module
 */
import type { Schedule } from "./schedule.ts";

/** An input and an answer of the network, the first row of each. */
export interface Answer {
  /** x_(t+1). */
  x: Float64Array;
  /** The predicted noise. */
  epsilon: Float64Array;
  rowSize: number;
}

/**
 * (x − √(1−ᾱ_t) ε) / √ᾱ_t, `[rowSize]`; `undefined` at a level of pure noise, ᾱ = 0, where a predicted noise says nothing of x_0.
 */
export function predictSample(
  { alphasCumprod }: Schedule,
  t: number,
  { x, epsilon, rowSize }: Answer,
): Float64Array | undefined {
  const signal = Math.sqrt(alphasCumprod[t]), spread = Math.sqrt(1 - alphasCumprod[t]);
  if (signal === 0) return undefined;
  return Float64Array.from({ length: rowSize }, (_, i) => (x[i] - spread * epsilon[i]) / signal);
}
