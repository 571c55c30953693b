/**
 * Conversion of a network's output m to the prediction e of a schedule.
 *
 * Every prediction type implies a sample D = p x + r m, where x is x_(t+1) = a x_0 + s ε. The
 * prediction e implies D = (x − s e)/q. Equating both gives e = (1 − q p)/s x − q r/s m. The
 * velocity of a diffusion is that of Salimans & Ho, "Progressive distillation", 2022.
 *
 * | letter | here |
 * |---|---|
 * | a, s, q, k | `signal`, `sigma`, `clean`, `inputScale` |
 * | noise: D = (x − s m)/a | `epsilon` |
 * | velocity √ᾱ ε − √(1−ᾱ) x_0 of k x: D = k² a x − k s m | `v_prediction` |
 * | sample: D = m | `sample` |
 * | velocity ε − x_0 of a flow, a + s = 1: D = x − s m | `flow` |
 * | its opposite, x_0 − ε | `inverted_flow` |
 * @module
 */
import { checkOneOf } from "../arguments.ts";
import type { Schedule } from "./schedule.ts";

/**
 * What a network predicts: the noise, the velocity of a diffusion, the sample, the velocity of a
 * flow, or the negative of that.
 */
export type PredictionType = "epsilon" | "v_prediction" | "sample" | "flow" | "inverted_flow";

/** The weights of e_t = `latent[t]` x_(t+1) + `output[t]` m, of every step. */
export type OutputWeights = Readonly<Record<"latent" | "output", Float64Array>>;

/** Factors of x and m. */
type Weights = readonly [latent: number, output: number];

const WEIGHTS: Record<PredictionType, (level: Record<"a" | "s" | "q" | "k", number>) => Weights> = {
  epsilon: ({ a, s, q }) => [(a - q) / (a * s), q / a],
  // 1 − q k² a = k² (s² + a² − q a), since k² (a² + s²) = 1 for such a network's input k x.
  v_prediction: ({ a, s, q, k }) => [k * k * (s + a * (a - q) / s), k * q],
  sample: ({ s, q }) => [1 / s, -q / s],
  flow: ({ s, q }) => [(1 - q) / s, q],
  inverted_flow: ({ s, q }) => [(1 - q) / s, -q],
};

/** Tolerance of a sum that must be 1. */
const ROUNDING = 1e-6;

/**
 * The weights that convert a network's output to a prediction, before or after guidance.
 *
 * @throws {RangeError} if the prediction type does not suit the schedule: a flow's on a diffusion
 * schedule or the reverse, or `epsilon` at a level of pure noise
 * @example A network that predicts the velocity of a model with zero terminal signal
 * ```ts
 * import { createSchedule, outputWeights } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const rescaled = { rescaleBetasZeroSnr: true, timestepSpacing: "trailing" } as const;
 * const schedule = createSchedule({ kind: "stable-diffusion", numInferenceSteps: 4, ...rescaled });
 * const { latent, output } = outputWeights(schedule, "v_prediction");
 * assert.deepEqual([latent[3], output[3]], [1, 1]); // D = −v, and e = x − D
 * assert.throws(() => outputWeights(schedule, "epsilon"), /wanted v_prediction or sample/);
 * ```
 */
export function outputWeights(schedule: Schedule, predictionType: PredictionType): OutputWeights {
  checkOneOf("predictionType", predictionType, Object.keys(WEIGHTS) as PredictionType[]);
  const { numSteps, signal, sigma, clean, inputScale } = schedule;
  const latent = new Float64Array(numSteps), output = new Float64Array(numSteps);
  for (let t = 0; t < numSteps; t++) {
    const level = { a: signal[t], s: sigma[t], q: clean[t], k: inputScale[t] };
    checkLevel(predictionType, t, level);
    [latent[t], output[t]] = WEIGHTS[predictionType](level);
  }
  return { latent, output };
}

function checkLevel(
  type: PredictionType,
  t: number,
  { a, s, k }: Record<"a" | "s" | "k", number>,
): void {
  const flow = type === "flow" || type === "inverted_flow";
  const sum = flow ? a + s : k * k * (a * a + s * s);
  if (Math.abs(sum - 1) > ROUNDING) {
    throw new RangeError(
      `predictionType is ${type}, but step ${t} is at ${a} of the sample and ${s} of the noise, ` +
        `wanted ${flow ? "a flow schedule" : "a diffusion schedule"}`,
    );
  }
  if (type !== "epsilon" || a > 0) return;
  throw new RangeError(
    `predictionType is epsilon, but step ${t} is at pure noise, wanted v_prediction or sample`,
  );
}
