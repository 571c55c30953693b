/**
 * Chains against diffusers' DPMSolverMultistepScheduler are in scheduler_parity_test.ts, random
 * ones in random_runs_test.ts.
 */
import assert from "node:assert/strict";
import {
  createEulerSchedule,
  createSchedule,
  type Denoiser,
  type Schedule,
  secondOrder,
  sequentialSample,
} from "../../../mod.ts";

/**
 * Exact for data drawn from N(0, 1/4), of which Euler's latents are √(1/4 + σ²) wide at every
 * level.
 */
function gaussian(schedule: Schedule): Denoiser {
  return {
    rowSize: 1,
    predictNoise(latents, steps, out) {
      steps.forEach((t, i) => {
        const s = schedule.sigma[t];
        out[i] = s * latents[i] / (0.25 + s * s);
      });
      return Promise.resolve();
    },
  };
}

Deno.test("secondOrder() quarters the error where the steps are halved", async () => {
  const errors = await Promise.all([20, 40, 80].map(async (numInferenceSteps) => {
    const schedule = createEulerSchedule({
      ...{ kind: "stable-diffusion", numInferenceSteps, sigmaSpacing: "exponential" },
      ...{ sigmaMin: 0.03, sigmaMax: 10, finalSigma: "sigma_min" },
    });
    const last = schedule.sigma[0] + schedule.d[0]; // the trained sigma_min, 0.029
    const noise = new Float64Array(numInferenceSteps + 1).fill(1);
    const denoiser = secondOrder(gaussian(schedule), { schedule });
    const { sample } = await sequentialSample(denoiser, { schedule, noise });
    return Math.abs(sample[0] - Math.sqrt((0.25 + last ** 2) / (0.25 + 10 ** 2)));
  }));
  for (const i of [0, 1]) {
    const ratio = errors[i] / errors[i + 1];
    assert.ok(ratio > 3 && ratio < 6, `${ratio}`);
  }
});

Deno.test("secondOrder() takes the sample of the step above from its last call", async () => {
  const schedule = createSchedule({
    kind: "dit",
    numInferenceSteps: 4,
    timestepSpacing: "trailing",
  });
  const inner = gaussian(schedule), latents = Float64Array.of(0.3, 0.5, 0.7, 0.9);
  const ask = async (denoiser: Denoiser, ...steps: number[]) => {
    const out = new Float64Array(steps.length);
    const rows = Float64Array.from(steps, (t) => latents[t]);
    await denoiser.predictNoise(rows, Int32Array.from(steps), out);
    return out;
  };
  const first = await ask(inner, 0, 1, 2, 3);
  const together = await ask(secondOrder(inner, { schedule }), 0, 1, 2, 3);
  // The first step, and the last one, which leads to no noise, are of first order.
  assert.deepEqual([together[0], together[3]], [first[0], first[3]]);
  assert.ok(together[1] !== first[1] && together[2] !== first[2]);
  const apart = secondOrder(inner, { schedule });
  assert.deepEqual([...await ask(apart, 1)], [first[1]]); // nothing is known of step 2
  assert.deepEqual([...await ask(apart, 3)], [first[3]]);
  assert.deepEqual([...await ask(apart, 2)], [together[2]]);
  assert.deepEqual([...await ask(apart, 1)], [together[1]]);
});

Deno.test("secondOrder() refuses a schedule with noise", () => {
  const schedule = createSchedule({ kind: "dit", numInferenceSteps: 4, eta: 1 });
  assert.throws(() => secondOrder(gaussian(schedule), { schedule }), {
    name: "RangeError",
    message: /^n\[1\] is 0\.\d+, wanted 0: a schedule without noise, eta 0$/,
  });
});
