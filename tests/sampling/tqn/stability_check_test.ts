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

const checkWith = (growthLimit: number, options: Partial<SampleOptions> = {}) =>
  new StabilityCheck(
    resolveOptions(denoiser, { schedule, noise, tqn: { growthLimit }, ...options }),
  );

const s = (t: number) => Math.sqrt(1 - schedule.alphasCumprod[t]);

/** Π γ_t over 1 ≤ t < 20, of 40 steps. */
function recordGrowth(check: StabilityCheck, growth: number): void {
  for (let t = 0; t < STEPS; t++) {
    if (check.records(t, 24)) check.record(t, (t === 3 ? growth : 1) * s(t - 1) / s(t));
  }
}

Deno.test("StabilityCheck is due once: after two rounds above the limit, with a fifth of the steps left", () => {
  const check = checkWith(2);
  recordGrowth(check, 2.1);
  assert.equal(check.endRound(12), false, "too early");
  recordGrowth(check, 1.9);
  assert.equal(check.endRound(5), false);
  recordGrowth(check, 2.1);
  assert.equal(check.endRound(4), false, "below the limit in the round before");
  assert.equal(check.toleranceFactor, 1);
  assert.equal(check.endRound(3), true);
  assert.equal(check.endRound(2), false, "requested before");
});

Deno.test("StabilityCheck reduces the tolerance of an unstable chain, for as many rounds as before", () => {
  const settled = checkWith(2);
  settled.endRound(9);
  assert.equal(settled.assess(2e-3, 1e-3), false);
  assert.equal(settled.toleranceFactor, 1);
  const unstable = checkWith(2);
  unstable.endRound(9);
  assert.equal(unstable.assess(2.1e-3, 1e-3), true);
  for (let round = 0; round < 2; round++) { // the check's own round counts
    assert.equal(unstable.toleranceFactor, 1 / 100);
    unstable.endRound(8);
  }
  assert.equal(unstable.toleranceFactor, 1);
  const certain = checkWith(2);
  recordGrowth(certain, 21);
  certain.endRound(9);
  assert.equal(certain.assess(0, 1e-3), true);
});

Deno.test("StabilityCheck records steps 1 … m − 1 once three fifths of the steps are left", () => {
  const recorded = (check: StabilityCheck, end: number) =>
    Array.from({ length: STEPS }, (_, t) => t).filter((t) => check.records(t, end));
  const check = checkWith(2);
  assert.deepEqual([recorded(check, 25), recorded(check, 24)], [
    [],
    Array.from({ length: 19 }, (_, i) => i + 1),
  ]);
  assert.deepEqual(recorded(checkWith(0), 4), []);
});

Deno.test("StabilityCheck is off with limit 0, in a small window, with few steps and at the end", () => {
  const checks = [
    checkWith(0),
    checkWith(2, { windowSize: STEPS - 1 }),
    checkWith(2, { initialTrajectory: noise, variationSteps: 2 }),
    checkWith(2, {
      schedule: createSchedule({ kind: "dit", numInferenceSteps: STEPS - 1 }),
      noise: noise.slice(1),
    }),
  ];
  for (const check of checks) {
    recordGrowth(check, 1e9);
    assert.deepEqual([4, 3, 2].map((finished) => check.endRound(finished)), [false, false, false]);
  }
  const ended = checkWith(2);
  recordGrowth(ended, 1e9);
  assert.deepEqual([ended.endRound(4), checkWith(2).endRound(0)], [true, false]);
});

Deno.test("StabilityCheck judges small windows by the last estimate, a tolerance for each unit of the limit", () => {
  const check = checkWith(3, { windowSize: STEPS - 1 });
  const isOff = (error: number) => check.assessError(0, { error, isLast: true }, 1e-3);
  assert.ok(check.needsErrors && !checkWith(3).needsErrors);
  assert.ok(!checkWith(0, { windowSize: 8 }).needsErrors);
  assert.equal(isOff(3e-3), false);
  assert.equal(check.doubt(3e-3, 1e-3), undefined);
  assert.match(check.doubt(3.1e-3, 1e-3)!, /errors grow .* off by 3e-3 or more/);
  assert.equal(isOff(3.1e-3), true);
  assert.equal(isOff(1), false, "once a run");
  assert.equal(checkWith(3).doubt(1, 1e-3), undefined);
});

Deno.test("StabilityCheck allows the last estimate twice the error on a chain with noise", () => {
  const noisy = createSchedule({ kind: "dit", numInferenceSteps: STEPS, eta: 1 });
  const check = checkWith(3, { windowSize: 8, schedule: noisy });
  const isOff = (error: number) => check.assessError(0, { error, isLast: true }, 1e-3);
  assert.deepEqual([isOff(5.9e-3), check.doubt(5.9e-3, 1e-3)], [false, undefined]);
  assert.match(check.doubt(6.1e-3, 1e-3)!, /errors grow/);
  assert.equal(isOff(6.1e-3), true);
});

Deno.test("StabilityCheck allows earlier estimates four times the error, and more before the image is decided", () => {
  const undecided = schedule.alphasCumprod.findIndex((alpha) => alpha < 0.35);
  for (const [t, factor] of [[0, 1], [undecided, 0.7 / schedule.alphasCumprod[undecided]]]) {
    const check = checkWith(3, { windowSize: 8 }), limit = 4 * 3e-3 * factor;
    const isOff = (error: number) => check.assessError(t, { error, isLast: false }, 1e-3);
    assert.deepEqual([isOff(0.999 * limit), isOff(1.001 * limit)], [false, true]);
  }
});

Deno.test("StabilityCheck allows a restart twice the rounds that as many steps took before", () => {
  const check = checkWith(2, { windowSize: 8 });
  for (let round = 0; round < 5; round++) check.endRound(20);
  check.restart(20); // 5 rounds for 20 steps, so 10 for 40
  for (let round = 0; round < 20; round++) {
    assert.equal(check.toleranceFactor, 1 / 100);
    check.endRound(20);
  }
  assert.equal(check.toleranceFactor, 1);
});

Deno.test("StabilityCheck cuts a restart short that is behind when W rounds are left, and doubts it", () => {
  const [first, restarted] = [0, 1].map(() => checkWith(2, { windowSize: 8 }));
  for (const check of [first, restarted]) {
    for (let round = 0; round < 31; round++) check.endRound(5);
  }
  assert.deepEqual([first.limit(8), first.limit(9)], [8, 8]); // of 40 rounds 8 are left after this
  restarted.restart(5);
  assert.equal(restarted.limit(20), 20);
  restarted.endRound(20);
  assert.equal(restarted.doubt(1, 1), undefined);
  assert.match(restarted.doubt(1.1, 1)!, /or more/, "half of the limit");
  assert.deepEqual([restarted.limit(7), restarted.doubt(0, 1)], [7, undefined]);
  assert.equal(restarted.limit(20), 7);
  assert.match(restarted.doubt(0, 1)!, /T rounds are too few/);
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

Deno.test("parallelSample() with growthLimit solves an unstable chain again and ends nearer", async () => {
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

Deno.test("tqn solves such a chain again in a small window, and trusts the result", async () => {
  const small = new TorchGenerator(1).randn(ROW * (STEPS + 1)).map((value) => 0.3 * value);
  const asked: number[] = [];
  const spy: Denoiser = {
    rowSize: ROW,
    predictNoise(latents, steps, out) {
      asked.push(steps.length);
      assert.ok(steps.every((t, i) => i === 0 || t > steps[i - 1]));
      return ridge.predictNoise(latents, steps, out);
    },
  };
  const run = (growthLimit: number, tolerance: number, denoiser = spy) =>
    collect(parallelSample(denoiser, {
      ...{ schedule: stable, noise: small, atol: tolerance, rtol: tolerance, windowSize: 8 },
      tqn: { growthLimit },
    }));
  const { sample } = (await run(0, 0)).result;
  const [once, again] = [await run(0, 0.03), await run(3, 0.03)];
  const error = ({ result }: typeof once) =>
    Math.max(...result.sample.map((value, i) => Math.abs(value - sample[i])));
  // 1.3e-2 and 1.7e-4 when this was written.
  assert.ok(error(again) < error(once) / 20, `${error(again)}, ${error(once)}`);
  const restart = again.rounds.findIndex(({ windowEnd }, i) =>
    windowEnd > (again.rounds[i - 1]?.finishedIndex ?? STEPS)
  );
  assert.equal(again.rounds[restart].windowEnd, STEPS);
  assert.ok(again.result.rounds < STEPS && again.result.trusted);
  assert.ok(asked.every((count) => count <= 8));
  const remembering = await run(3, 0.03, { ...spy, remembers: true });
  assert.deepEqual(remembering.result, once.result);
});
