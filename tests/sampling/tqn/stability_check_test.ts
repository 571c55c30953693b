import assert from "node:assert/strict";
import {
  createSchedule,
  type Denoiser,
  parallelSample,
  type SampleOptions,
  TorchGenerator,
} from "../../../mod.ts";
import { resolveOptions } from "../../../src/sampling/options.ts";
import { StabilityCheck } from "../../../src/sampling/tqn/stability_check.ts";
import { collect } from "../collect.ts";

const STEPS = 40;
const schedule = createSchedule({ kind: "dit", numInferenceSteps: STEPS });
const noise = new Float64Array(STEPS + 1).fill(1);
const denoiser: Denoiser = { rowSize: 1, predictNoise: () => Promise.resolve() };

const lookOf = (growthLimit: number, options: Partial<SampleOptions> = {}) =>
  new StabilityCheck(
    resolveOptions(denoiser, { schedule, noise, tqn: { growthLimit }, ...options }),
  );

const s = (t: number) => Math.sqrt(1 - schedule.alphasCumprod[t]);

/** Π γ_t over 1 ≤ t < 20, of 40 steps. */
function noteGrowth(look: StabilityCheck, growth: number): void {
  for (let t = 0; t < STEPS; t++) {
    if (look.watches(t, 24)) look.note(t, (t === 3 ? growth : 1) * s(t - 1) / s(t));
  }
}

Deno.test("StabilityCheck is due once, when growth is above the limit in two rounds running and a fifth of the steps is left", () => {
  const look = lookOf(2);
  noteGrowth(look, 2.1);
  assert.equal(look.endRound(12), false, "too early");
  noteGrowth(look, 1.9);
  assert.equal(look.endRound(5), false);
  noteGrowth(look, 2.1);
  assert.equal(look.endRound(4), false, "below the limit in the round before");
  assert.equal(look.toleranceShare, 1);
  assert.equal(look.endRound(3), true);
  assert.equal(look.endRound(2), false, "taken already");
});

Deno.test("StabilityCheck asks for a hundredth of the tolerance where the look moved x far, for as many rounds as before", () => {
  const settled = lookOf(2);
  settled.endRound(9);
  assert.equal(settled.judge(2e-3, 1e-3), false);
  assert.equal(settled.toleranceShare, 1);
  const off = lookOf(2);
  off.endRound(9);
  assert.equal(off.judge(2.1e-3, 1e-3), true);
  for (let round = 0; round < 2; round++) { // the look's own round counts
    assert.equal(off.toleranceShare, 1 / 100);
    off.endRound(8);
  }
  assert.equal(off.toleranceShare, 1);
  const surely = lookOf(2);
  noteGrowth(surely, 21);
  surely.endRound(9);
  assert.equal(surely.judge(0, 1e-3), true);
});

Deno.test("StabilityCheck watches steps 1 … m − 1 once three fifths of the steps are left, until it is due", () => {
  const watched = (look: StabilityCheck, end: number) =>
    Array.from({ length: STEPS }, (_, t) => t).filter((t) => look.watches(t, end));
  const look = lookOf(2);
  assert.deepEqual([watched(look, 25), watched(look, 24)], [
    [],
    Array.from({ length: 19 }, (_, i) => i + 1),
  ]);
  assert.deepEqual(watched(lookOf(0), 4), []);
});

Deno.test("StabilityCheck is not due at the end, with limit 0, in a small window, with few steps or where there is no middle", () => {
  const looks = [
    lookOf(0),
    lookOf(2, { windowSize: STEPS - 1 }),
    lookOf(2, { initialTrajectory: noise, variationSteps: 2 }),
    lookOf(2, {
      schedule: createSchedule({ kind: "dit", numInferenceSteps: STEPS - 1 }),
      noise: noise.slice(1),
    }),
  ];
  for (const look of looks) {
    noteGrowth(look, 1e9);
    assert.deepEqual([4, 3, 2].map((finished) => look.endRound(finished)), [false, false, false]);
  }
  const ended = lookOf(2);
  noteGrowth(ended, 1e9);
  assert.deepEqual([ended.endRound(4), lookOf(2).endRound(0)], [true, false]);
});

const ROW = 16;
const stable = createSchedule({ kind: "stable-diffusion", numInferenceSteps: STEPS });

/**
 * Data at the corners of a cube, drawn to each other: the x_0-prediction is tanh of x and the mean
 * of its row, so that a latent near 0 is beside a ridge, where errors grow.
 */
const ridge: Denoiser = {
  rowSize: ROW,
  predictNoise(latents, steps, out) {
    steps.forEach((t, r) => {
      const a = stable.alphasCumprod[t], row = latents.subarray(r * ROW, (r + 1) * ROW);
      const pull = row.reduce((sum, x) => sum + x / Math.sqrt(ROW), 0);
      row.forEach((x, i) => {
        const clean = Math.tanh(0.9 * Math.sqrt(a) * (pull + x) / (1 - a));
        out[r * ROW + i] = (x - Math.sqrt(a) * clean) / Math.sqrt(1 - a);
      });
    });
    return Promise.resolve();
  },
};

Deno.test("parallelSample() with tqn and growthLimit begins at the top again on a chain that amplifies, and ends nearer", async () => {
  const small = new TorchGenerator(1).randn(ROW * (STEPS + 1)).map((value) => 0.3 * value);
  const run = (growthLimit: number, tolerance: number) =>
    collect(parallelSample(ridge, {
      ...{ schedule: stable, noise: small, atol: tolerance, rtol: tolerance },
      tqn: { growthLimit },
    }));
  const { sample } = (await run(0, 0)).result;
  const [once, again] = [await run(0, 0.03), await run(0.1, 0.03)];
  const tops = ({ rounds }: typeof once) =>
    rounds.filter(({ windowEnd }) => windowEnd === STEPS).length;
  assert.deepEqual([tops(once), tops(again)], [1, 2]);
  const error = ({ result }: typeof once) =>
    Math.max(...result.sample.map((value, i) => Math.abs(value - sample[i])));
  // 1.3e-2 and 2.3e-5 when this was written.
  assert.ok(error(again) < error(once) / 20, `${error(again)}, ${error(once)}`);
  assert.ok(again.result.rounds < STEPS);
});
