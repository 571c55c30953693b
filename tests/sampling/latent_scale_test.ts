/**
 * DDIM in x/√ᾱ is Euler's method at σ = √(1−ᾱ)/√ᾱ: a solver takes the same rounds to the same
 * sample in either scale.
 */
import assert from "node:assert/strict";
import { createSchedule, type Denoiser, scheduleFrom, solve } from "../../mod.ts";
import { latentScale } from "../../src/sampling/latent_scale.ts";
import { mixtureDenoiser, readProblem } from "./fixtures.ts";

const STEPS = 40;
const ddim = createSchedule({ kind: "dit", numInferenceSteps: STEPS });
const sigma = ddim.alphasCumprod.map((a) => Math.sqrt(1 - a) / Math.sqrt(a));
const after = Float64Array.of(0, ...sigma.subarray(0, -1));
const one = new Float64Array(STEPS).fill(1);
const euler = scheduleFrom({
  ...{ c: one, d: sigma.map((s, t) => after[t] - s), signal: one, sigma },
  inputScale: sigma.map((s) => 1 / Math.sqrt(1 + s * s)),
});

/** The denoiser of DDIM's latents on those of Euler's chain. */
function scaled(inner: Denoiser): Denoiser {
  return {
    rowSize: inner.rowSize,
    predictNoise(latents, steps, out) {
      const scale = (i: number) => euler.inputScale[steps[Math.floor(i / inner.rowSize)]];
      return inner.predictNoise(latents.map((x, i) => scale(i) * x), steps, out);
    },
  };
}

Deno.test("latentScale() is 1 for DDIM, and what the network's input is divided by for Euler", () => {
  assert.deepEqual(latentScale(ddim), new Float64Array(STEPS + 1).fill(1));
  assert.equal(latentScale(euler)[0], 1);
  assert.equal(latentScale(euler)[3], 1 / euler.inputScale[2]);
});

for (const method of ["tqn", "parataa", "fixed_point"] as const) {
  for (const windowSize of [STEPS, 9]) {
    Deno.test(`solve() takes Euler's chain in DDIM's rounds, ${method}, window ${windowSize}`, async () => {
      const problem = await readProblem();
      const inner = mixtureDenoiser(problem.points, ddim), { rowSize } = inner;
      const noise = problem.noise.slice(0, (STEPS + 1) * rowSize);
      const top = 1 / euler.inputScale[STEPS - 1];
      const wide = noise.map((xi, i) => i < STEPS * rowSize ? xi : top * xi);
      const options = { method, windowSize, memorySize: 3 };
      const wanted = await solve(inner, { ...options, schedule: ddim, noise });
      const found = await solve(scaled(inner), { ...options, schedule: euler, noise: wide });
      assert.ok(wanted.rounds < STEPS);
      assert.deepEqual([found.rounds, found.nfe], [wanted.rounds, wanted.nfe]);
      found.sample.forEach((x, i) => assert.ok(Math.abs(x - wanted.sample[i]) < 1e-9));
    });
  }
}
