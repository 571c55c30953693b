/**
 * For a latent with a known sample and noise, the prediction of every prediction type implies that
 * sample.
 */
import assert from "node:assert/strict";
import {
  createEulerSchedule,
  createFlowSchedule,
  createSchedule,
  outputWeights,
  type PredictionType,
  type Schedule,
} from "../../../mod.ts";

const X0 = 1.7, NOISE = -0.4;
const model = { kind: "stable-diffusion", numInferenceSteps: 10 } as const;
const rescaled = { ...model, rescaleBetasZeroSnr: true, timestepSpacing: "trailing" } as const;

/** Output of an exact network at step t. */
function networkOutput(
  type: PredictionType,
  { signal, sigma, inputScale: k }: Schedule,
  t: number,
): number {
  switch (type) {
    case "epsilon":
      return NOISE;
    case "v_prediction":
      return k[t] * (signal[t] * NOISE - sigma[t] * X0);
    case "sample":
      return X0;
    case "flow":
      return NOISE - X0;
    case "inverted_flow":
      return X0 - NOISE;
  }
}

const CASES: [string, Schedule, PredictionType[]][] = [
  ["DDIM", createSchedule(model), ["epsilon", "v_prediction", "sample"]],
  ["DDIM without a last signal", createSchedule(rescaled), ["v_prediction", "sample"]],
  ["Euler", createEulerSchedule(model), ["epsilon", "v_prediction", "sample"]],
  ["a flow", createFlowSchedule({ numInferenceSteps: 10 }), ["flow", "inverted_flow"]],
];

for (const [name, schedule, types] of CASES) {
  Deno.test(`outputWeights() makes predictions that imply the sample, ${name}`, () => {
    for (const type of types) {
      const { latent, output: weight } = outputWeights(schedule, type);
      for (let t = 0; t < 10; t++) {
        const x = schedule.signal[t] * X0 + schedule.sigma[t] * NOISE;
        const e = latent[t] * x + weight[t] * networkOutput(type, schedule, t);
        const implied = (x - schedule.sigma[t] * e) / schedule.clean[t];
        assert.ok(Math.abs(implied - X0) < 1e-9, `${type}, step ${t}: ${implied}`);
      }
    }
  });
}

Deno.test("outputWeights() leaves DDIM's noise as it is, and gives a velocity the factors √ᾱ and √(1−ᾱ)", () => {
  const schedule = createSchedule(model);
  const noise = outputWeights(schedule, "epsilon"),
    velocity = outputWeights(schedule, "v_prediction");
  assert.deepEqual(noise, { latent: new Float64Array(10), output: new Float64Array(10).fill(1) });
  assert.deepEqual(velocity, {
    latent: schedule.alphasCumprod.map((a) => Math.sqrt(1 - a)),
    output: schedule.alphasCumprod.map(Math.sqrt),
  });
});

const REFUSED: [string, Schedule, PredictionType, RegExp][] = [
  [
    "a flow on DDIM's levels",
    createSchedule(model),
    "flow",
    /is flow, but step 0 is at 0\.9\d+ of the sample .* wanted a flow schedule/,
  ],
  [
    "a flow on Euler's levels",
    createEulerSchedule(model),
    "inverted_flow",
    /wanted a flow schedule/,
  ],
  [
    "noise on a flow's levels",
    createFlowSchedule({ numInferenceSteps: 10 }),
    "epsilon",
    /is epsilon, .* wanted a diffusion schedule/,
  ],
  [
    "noise at pure noise",
    createSchedule(rescaled),
    "epsilon",
    /is epsilon, but step 9 is at pure noise, wanted v_prediction or sample/,
  ],
  [
    "an unknown type",
    createSchedule(model),
    "v" as "flow",
    /predictionType is v, wanted epsilon or v_prediction or sample or flow/,
  ],
];

for (const [what, schedule, type, message] of REFUSED) {
  Deno.test(`outputWeights() refuses ${what}`, () => {
    assert.throws(() => outputWeights(schedule, type), (error: Error) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, message);
      return true;
    });
  });
}
