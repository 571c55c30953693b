/** Levels against diffusers are in scheduler_parity_test.ts. */
import assert from "node:assert/strict";
import { createEulerSchedule, type EulerScheduleOptions } from "../../../mod.ts";

const create = (options: Partial<EulerScheduleOptions>) =>
  createEulerSchedule({ kind: "stable-diffusion", numInferenceSteps: 5, ...options });

Deno.test("createEulerSchedule() takes custom levels and interpolates their timesteps", () => {
  const { sigma, timesteps } = create({ timestepSpacing: "linspace" });
  const own = create({ sigmas: [...sigma].reverse() });
  assert.deepEqual(own.sigma, sigma);
  // Between two levels of training diffusers interpolates σ, and the level of a σ by its logarithm.
  timesteps.forEach((level, t) => assert.ok(Math.abs(own.timesteps[t] - level) < 1e-3));
  const beyond = create({ numInferenceSteps: 2, sigmas: [1e9, 1e-9] });
  assert.deepEqual([...beyond.timesteps], [0, 999]);
});

Deno.test("createEulerSchedule() with ancestral moves a latent of known x_0 and noise to the next level", () => {
  for (const finalSigma of ["zero", "sigma_min"] as const) {
    const { c, d, n, sigma } = create({ ancestral: true, finalSigma });
    for (let t = 0; t < 5; t++) {
      const next = t > 0
        ? sigma[t - 1]
        : finalSigma === "zero"
        ? 0
        : create({ finalSigma }).d[0] + sigma[0];
      const kept = c[t] * (1.5 + sigma[t] * -0.7) + d[t] * -0.7 - 1.5;
      assert.ok(Math.abs((kept / -0.7) ** 2 + n[t] ** 2 - next ** 2) < 1e-9, `step ${t}`);
      assert.equal(n[t] > 0, t > 0);
    }
  }
});

const REFUSED: [Partial<EulerScheduleOptions>, RegExp][] = [
  [{ numInferenceSteps: 0 }, /numInferenceSteps is 0/],
  [{ sigmas: [3, 2, 1] }, /sigmas has 3 entries, wanted 5, one per step/],
  [
    { sigmas: [3, 2, 2, 1, 0.5] },
    /sigmas\[2\] is 2, wanted a number above 0 and below sigmas\[1\], 2/,
  ],
  [
    { sigmas: [5, 4, 3, 2, 1], sigmaSpacing: "karras" },
    /sigmas are given with sigmaSpacing karras/,
  ],
  [{ sigmaSpacing: "karras", sigmaMin: 20, sigmaMax: 10 }, /sigmaMin is 20, wanted .* to 10/],
  [{ sigmaSpacing: "linear" as "beta" }, /sigmaSpacing is linear, wanted karras/],
  [{ sigmaMax: 5 }, /sigmaMax is 5 without sigmaSpacing, wanted both/],
  [
    { sigmas: [5, 4, 3, 2, 0.001], finalSigma: "sigma_min" },
    /finalSigma is sigma_min, 0\.029\d*, wanted at most the lowest level, 0.001/,
  ],
  [{ finalSigma: "one" as "zero" }, /finalSigma is one, wanted zero or sigma_min/],
];

for (const [options, message] of REFUSED) {
  Deno.test(`createEulerSchedule() refuses ${JSON.stringify(options)}`, () => {
    assert.throws(() => create(options), { name: "RangeError", message });
  });
}
