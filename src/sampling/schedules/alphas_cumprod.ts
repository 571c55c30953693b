/**
 * ᾱ of every training level, in float64 or with torch's float32 rounding.
 * @module
 */
import { type Rounding, trainingBetas } from "./betas.ts";
import type { SchedulerConfig } from "./scheduler_config.ts";

/** Precision in which ᾱ is computed; the result is float64 either way. */
export type Precision = "float64" | "float32";

/** The smallest normal double, so that quotients of ᾱ are finite. */
const MIN_ALPHA = 2 ** -1022;

/** ᾱ of the training levels 0 … N−1: the cumulative product of 1 − β. */
export function alphasCumprod(config: SchedulerConfig, precision: Precision): Float64Array {
  const round: Rounding = precision === "float32" ? Math.fround : (value) => value;
  const betas = trainingBetas(config, round);
  return cumulativeProduct(config.rescaleBetasZeroSnr ? zeroSnr(betas, round) : betas, round);
}

/**
 * Throws unless all ᾱ are above 0 and below 1: steps divide by ᾱ and 1 − ᾱ. The last ᾱ may be 0
 * with `rescaleBetasZeroSnr`.
 *
 * @throws {RangeError}
 */
export function checkLevels(levels: Float64Array, config: SchedulerConfig): void {
  const first = levels[0], last = levels[levels.length - 1];
  const enough = last >= MIN_ALPHA || config.rescaleBetasZeroSnr && last === 0;
  if (first < 1 && enough) return;
  const { betaStart, betaEnd, trainedBetas } = config;
  const source = trainedBetas ? "trainedBetas" : `betaStart ${betaStart} and betaEnd ${betaEnd}`;
  throw new RangeError(
    `${source} take alphasCumprod from ${first} to ${last} over ${levels.length} levels, ` +
      `wanted values below 1 and above 0`,
  );
}

/**
 * For float32, torch accumulates in double and rounds every output; accumulating in float32 would
 * change most entries.
 */
function cumulativeProduct(betas: Float64Array, round: Rounding): Float64Array {
  let product = 1;
  return betas.map((beta) => {
    product *= round(1 - beta);
    return round(product);
  });
}

/**
 * β whose √ᾱ is that of `betas`, shifted to end at 0 and scaled to keep its first value: algorithm
 * 1 of Lin et al. 2024.
 */
function zeroSnr(betas: Float64Array, round: Rounding): Float64Array {
  const roots = cumulativeProduct(betas, round).map((alpha) => round(Math.sqrt(alpha)));
  const first = roots[0], last = roots[roots.length - 1];
  const scale = round(first / round(first - last));
  const levels = roots.map((root) => round(round(round(root - last) * scale) ** 2));
  return levels.map((alpha, i) => round(1 - (i === 0 ? alpha : round(alpha / levels[i - 1]))));
}
