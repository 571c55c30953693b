/**
 * How a network's answer becomes the prediction e that a schedule's steps take.
 *
 * Every kind of answer m says what the sample is: D = p x + r m, x being x_(t+1) = a x_0 + s ε. The
 * prediction is the e that says the same of it, D = (x − s e)/q, so that e = (1 − q p)/s x − q r/s
 * m.
 *
 * | letter | here |
 * |---|---|
 * | a, s, q, k | `signal`, `sigma`, `clean`, `inputScale` |
 * | noise: D = (x − s m)/a | `epsilon` |
 * | velocity √ᾱ ε − √(1−ᾱ) x_0 of k x (Salimans & Ho, "Progressive distillation", 2022): D = k² a x − k s m | `v_prediction` |
 * | sample: D = m | `sample` |
 * | velocity ε − x_0 of a flow, a + s = 1: D = x − s m | `flow` |
 * | its opposite, x_0 − ε | `inverted_flow` |
 * @module
 */
import { checkOneOf } from "../arguments.ts";
import type { Schedule } from "./schedule.ts";

/**
 * What a network answers: the noise, a velocity of DDIM's latents, the sample, a flow's velocity,
 * or the opposite of that.
 */
export type PredictionType = "epsilon" | "v_prediction" | "sample" | "flow" | "inverted_flow";

/** e_t = `latent[t]` x_(t+1) + `answer[t]` m, of every step. */
export type AnswerWeights = Readonly<Record<"latent" | "answer", Float64Array>>;

/** Factors of x and m. */
type Weights = readonly [latent: number, answer: number];

const WEIGHTS: Record<PredictionType, (level: Record<"a" | "s" | "q" | "k", number>) => Weights> = {
  epsilon: ({ a, s, q }) => [(a - q) / (a * s), q / a],
  // 1 − q k² a = k² (s² + a² − q a), since a network that answers so takes k x at k² (a² + s²) = 1.
  v_prediction: ({ a, s, q, k }) => [k * k * (s + a * (a - q) / s), k * q],
  sample: ({ s, q }) => [1 / s, -q / s],
  flow: ({ s, q }) => [(1 - q) / s, q],
  inverted_flow: ({ s, q }) => [(1 - q) / s, -q],
};

/** How far a sum may be from 1. */
const ROUNDING = 1e-6;

/**
 * The weights by which a network's answers become predictions, after guidance or before it.
 *
 * @throws {RangeError} when the network was not trained on the schedule's levels: a flow's on
 * DDIM's or the reverse, or one that predicts the noise at a level of nothing else
 * @example A network that predicts the velocity of a model with zero terminal signal
 * ```ts
 * import { answerWeights, createSchedule } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const rescaled = { rescaleBetasZeroSnr: true, timestepSpacing: "trailing" } as const;
 * const schedule = createSchedule({ kind: "stable-diffusion", numInferenceSteps: 4, ...rescaled });
 * const { latent, answer } = answerWeights(schedule, "v_prediction");
 * assert.deepEqual([latent[3], answer[3]], [1, 1]); // D = −v, and e = x − D
 * assert.throws(() => answerWeights(schedule, "epsilon"), /wanted v_prediction or sample/);
 * ```
 */
export function answerWeights(schedule: Schedule, predictionType: PredictionType): AnswerWeights {
  checkOneOf("predictionType", predictionType, Object.keys(WEIGHTS) as PredictionType[]);
  const { numSteps, signal, sigma, clean, inputScale } = schedule;
  const latent = new Float64Array(numSteps), answer = new Float64Array(numSteps);
  for (let t = 0; t < numSteps; t++) {
    const level = { a: signal[t], s: sigma[t], q: clean[t], k: inputScale[t] };
    checkLevel(predictionType, t, level);
    [latent[t], answer[t]] = WEIGHTS[predictionType](level);
  }
  return { latent, answer };
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
