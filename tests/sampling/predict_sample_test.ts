import assert from "node:assert/strict";
import { createSchedule, type Denoiser, parallelSample } from "../../mod.ts";
import { predictSample } from "../../src/sampling/predict_sample.ts";
import { collect } from "./collect.ts";
import { mixtureDenoiser, readProblem } from "./fixtures.ts";

const schedule = createSchedule({ kind: "dit", numInferenceSteps: 20 });

Deno.test("predictSample() removes the predicted noise from the latent", () => {
  // x = 0.8 x_0 + 0.6 ε, for x_0 = (2, -1) and ε = (1, 3).
  const levels = { ...schedule, sigma: Float64Array.of(1, 0.6), clean: Float64Array.of(0, 0.8) };
  const answer = { x: Float64Array.of(2.2, 1, 9), epsilon: Float64Array.of(1, 3, 9), rowSize: 2 };
  const found = predictSample(levels, 1, answer)!;
  assert.equal(found.length, 2);
  assert.ok(Math.abs(found[0] - 2) < 1e-12 && Math.abs(found[1] + 1) < 1e-12);
  assert.equal(predictSample(levels, 0, answer), undefined); // pure noise
});

for (const method of ["tqn", "parataa", "fixed_point"] as const) {
  Deno.test(`parallelSample() by ${method} estimates x_0 by the lowest evaluated step`, async () => {
    const { points, noise } = await readProblem();
    const inner = mixtureDenoiser(points, schedule), { rowSize } = inner;
    /** The x_0-prediction of every call's first row. */
    const predicted: Float64Array[] = [];
    const denoiser: Denoiser = {
      rowSize,
      async predictNoise(latents, steps, out, signal) {
        await inner.predictNoise(latents, steps, out, signal);
        const a = schedule.alphasCumprod[steps[0]];
        const row = latents.slice(0, rowSize);
        predicted.push(row.map((x, i) => (x - Math.sqrt(1 - a) * out[i]) / Math.sqrt(a)));
      },
    };
    const { rounds, result } = await collect(parallelSample(denoiser, {
      ...{ schedule, noise: noise.slice(0, 21 * rowSize), method, windowSize: 6 },
    }));
    const early = rounds.filter(({ windowStart }) => windowStart > 0);
    assert.ok(early.length > 3 && early.length < rounds.length);
    early.forEach(({ estimate }, i) => assert.deepEqual(estimate, predicted[i]));
    for (const { sample, estimate } of rounds.slice(early.length)) assert.equal(estimate, sample);
    assert.deepEqual(rounds.at(-1)!.estimate, result.sample);
    // x_0 itself is still 0 while the window is above it.
    assert.ok(early[0].sample.every((value) => value === 0));
    assert.ok(early[0].estimate.some((value) => value !== 0));
  });
}
