import assert from "node:assert/strict";
import { createSchedule, type OwnSchedule, scheduleFrom, solve } from "../../../mod.ts";
import { mixtureDenoiser, readProblem } from "../fixtures.ts";

const alphasCumprod = [0.9, 0.5, 0.1];
const own: OwnSchedule = { c: [1.1, 1.2, 1.3], d: [-0.1, -0.2, -0.3], alphasCumprod };

Deno.test("scheduleFrom() gives createSchedule()'s schedule from its coefficients, and the same sample", async () => {
  for (const eta of [0, 0.5]) {
    const created = createSchedule({ kind: "dit", numInferenceSteps: 20, eta });
    const schedule = scheduleFrom(created);
    assert.deepEqual(schedule, created);
    const { points, noise } = await readProblem();
    const options = { noise: noise.slice(0, 21 * 64), windowSize: 8 };
    const denoiser = mixtureDenoiser(points, created);
    assert.deepEqual(
      await solve(denoiser, { ...options, schedule }),
      await solve(denoiser, { ...options, schedule: created }),
    );
  }
});

Deno.test("scheduleFrom() fills in levels, timesteps, noise and its unit from c, d and ᾱ", () => {
  const created = createSchedule({ kind: "dit", numInferenceSteps: 20 });
  const { c, d, alphasCumprod } = created;
  const schedule = scheduleFrom({ c: [...c], d: [...d], alphasCumprod: [...alphasCumprod] });
  assert.deepEqual(schedule.alphasCumprodPrev, created.alphasCumprodPrev);
  assert.deepEqual([...schedule.timesteps], Array.from({ length: 20 }, (_, t) => t));
  assert.deepEqual(schedule.n, new Float64Array(20));
  schedule.noiseScale.forEach((scale, t) =>
    assert.ok(Math.abs(scale - created.noiseScale[t]) <= 1e-15)
  );
});

const REFUSED: [Partial<OwnSchedule>, RegExp][] = [
  [{ c: [], d: [], alphasCumprod: [] }, /^c has no entries, wanted one per step$/],
  [{ d: [1, 1] }, /^d has 2 entries, wanted 3, as many as c$/],
  [{ d: [-0.1, 0, -0.3] }, /^d\[1\] is 0, wanted a step that uses the network$/],
  [{ c: [1, NaN, 1] }, /^c\[1\] is NaN, wanted a finite number$/],
  [{ n: [0, -1, 0] }, /^n\[1\] is -1, wanted a finite number from 0$/],
  [
    { alphasCumprod: [0.9, 0.5, 0] },
    /^alphasCumprod\[2\] is 0, wanted a finite number above 0 below 1$/,
  ],
  [{ alphasCumprod: [0.1, 0.5, 0.9] }, /^alphasCumprod\[1\] is 0.5, wanted at most .* cleanest$/],
  [{ alphasCumprodPrev: [1.1, 0.9, 0.5] }, /^alphasCumprodPrev\[0\] is 1.1, wanted .* to 1$/],
  [{ timesteps: [1, -2.5, 3] }, /^timesteps\[1\] is -2.5, wanted a finite number from 0/],
  [{ clean: [1, 0, 1] }, /^clean\[1\] is 0, wanted a sample in the latent$/],
  [{ sigma: [1, 0, 1] }, /^sigma\[1\] is 0, wanted a finite number above 0$/],
  [{ inputScale: [1, 0, 1] }, /^inputScale\[1\] is 0, wanted a finite number above 0$/],
  [{ initialScale: 0 }, /^initialScale is 0, wanted a finite number from 5e-324/],
  [
    { noiseScale: [0, Infinity, 0] },
    /^noiseScale\[1\] is Infinity, wanted a finite number from 0$/,
  ],
];

for (const [change, message] of REFUSED) {
  Deno.test(`scheduleFrom() refuses ${JSON.stringify(change)}`, () => {
    assert.throws(() => scheduleFrom({ ...own, ...change }), (error: Error) => {
      assert.ok(error instanceof RangeError);
      assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("scheduleFrom() takes signal and sigma in place of ᾱ, and timesteps between two levels", () => {
  const { c, d } = own, signal = [0.8, 0.5, 0], sigma = [0.2, 0.5, 1], clean = [1, 1, 1];
  const schedule = scheduleFrom({ c, d, signal, sigma, clean, timesteps: [2.5, 5, 10] });
  [16 / 17, 0.5, 0].forEach((a, t) => assert.ok(Math.abs(schedule.alphasCumprod[t] - a) < 1e-15));
  assert.deepEqual([...schedule.timesteps], [2.5, 5, 10]);
  // DDPM's noise at equal signal-to-noise ratios: that of ᾱ, at the latent's scale.
  const { alphasCumprod: a, alphasCumprodPrev: prev } = schedule;
  for (let t = 1; t < 3; t++) {
    const ddpm = Math.sqrt((1 - prev[t]) / (1 - a[t]) * (1 - a[t] / prev[t]));
    const wanted = ddpm * Math.hypot(signal[t - 1], sigma[t - 1]);
    assert.ok(Math.abs(schedule.noiseScale[t] - wanted) < 1e-15);
  }
  assert.throws(
    () => scheduleFrom({ c, d, sigma }),
    /^TypeError: the levels are not given, wanted alphasCumprod, or signal and sigma$/,
  );
});
