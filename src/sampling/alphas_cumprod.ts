/**
 * ᾱ of every training level, in float64 or bit for bit as torch computes it in float32.
 * @module
 */
import type { SchedulerConfig } from "./scheduler_config.ts";

/** Precision in which ᾱ is computed; the result is float64 either way. */
export type Precision = "float64" | "float32";

/** ᾱ of the training levels 0 … N−1: the cumulative product of 1 − β. */
export function alphasCumprod(config: SchedulerConfig, precision: Precision): Float64Array {
  const round = precision === "float32" ? Math.fround : (value: number) => value;
  const out = new Float64Array(config.numTrainTimesteps);
  // torch multiplies in double also for float32 and rounds every output: accumulating in float32 changes most entries.
  let product = 1;
  for (let i = 0; i < out.length; i++) {
    product *= round(1 - beta(config, i, round));
    out[i] = round(product);
  }
  return out;
}

function beta(config: SchedulerConfig, i: number, round: (value: number) => number): number {
  const { betaStart, betaEnd, numTrainTimesteps: count } = config;
  if (config.betaSchedule === "linear") return linspace(betaStart, betaEnd, count, i, round);
  const root = linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), count, i, round);
  return round(root * root);
}

/** Entry i of torch's linspace: each half is measured from its own end. */
function linspace(
  start: number,
  end: number,
  count: number,
  i: number,
  round: (value: number) => number,
): number {
  const first = round(start), last = round(end);
  if (count === 1) return first;
  const step = round((last - first) / (count - 1));
  return round(i < count / 2 ? first + step * i : last - step * (count - 1 - i));
}
