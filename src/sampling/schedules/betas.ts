/**
 * β of every training level, as defined by diffusers' schedulers.
 * @module
 */
import type { SchedulerConfig } from "./scheduler_config.ts";

/** Rounds to the precision of a computation. */
export type Rounding = (value: number) => number;

/** Highest β of `squaredcos_cap_v2`. */
const MAX_BETA = 0.999;

/** β of the training levels 0 … N−1. */
export function trainingBetas(config: SchedulerConfig, round: Rounding): Float64Array {
  const { trainedBetas, betaSchedule, betaStart, betaEnd, numTrainTimesteps: count } = config;
  if (trainedBetas) return Float64Array.from(trainedBetas, round);
  const every = (beta: (i: number) => number) =>
    Float64Array.from({ length: count }, (_, i) => beta(i));
  switch (betaSchedule) {
    case "linear":
      return every((i) => linspace([betaStart, betaEnd], count, i, round));
    case "scaled_linear": {
      const ends = [Math.sqrt(betaStart), Math.sqrt(betaEnd)] as const;
      return every((i) => {
        const root = linspace(ends, count, i, round);
        return round(root * root);
      });
    }
    case "squaredcos_cap_v2":
      return every((i) =>
        round(Math.min(1 - cosine((i + 1) / count) / cosine(i / count), MAX_BETA))
      );
    case "sigmoid":
      return every((i) => {
        const share = round(1 / (1 + Math.exp(-linspace([-6, 6], count, i, round))));
        return round(round(share * round(betaEnd - betaStart)) + round(betaStart));
      });
  }
}

/**
 * ᾱ at a share of the training levels (Nichol & Dhariwal, "Improved denoising diffusion
 * probabilistic models", 2021).
 */
function cosine(share: number): number {
  return Math.cos((share + 0.008) / 1.008 * Math.PI / 2) ** 2;
}

/** Entry i of torch's linspace, which computes each half from its own end. */
function linspace(
  [start, end]: readonly [number, number],
  count: number,
  i: number,
  round: Rounding,
): number {
  const first = round(start), last = round(end);
  if (count === 1) return first;
  const step = round((last - first) / (count - 1));
  return round(i < count / 2 ? first + step * i : last - step * (count - 1 - i));
}
