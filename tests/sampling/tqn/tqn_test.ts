import assert from "node:assert/strict";
import { createSchedule, type Denoiser, parallelSample, type SampleOptions } from "../../../mod.ts";
import { collect } from "../collect.ts";
import { mixtureDenoiser, readFixture, readProblem } from "../fixtures.ts";

interface Recorded extends Record<"T" | "eta" | "window" | "tol" | "rounds" | "nfe", number> {
  schedule: "sd" | "dit";
  finished_index: number[];
  final: number[];
}

/** The solver that the fixture records. */
const PLAIN = { symmetric: false, skipRadius: 0 };

const { points, noise } = await readProblem();
const fixture = await readFixture<{ cases: Recorded[] }>("fixture_tqn.json");

for (const recorded of fixture.cases) {
  const { schedule: name, T, eta, window, tol } = recorded;
  Deno.test(`tqn agrees with its reference: ${name} T ${T}, eta ${eta}, window ${window}, tol ${tol}`, async () => {
    const schedule = name === "dit"
      ? createSchedule({ kind: "dit", numInferenceSteps: T, eta })
      : createSchedule({
        kind: "stable-diffusion",
        numInferenceSteps: T,
        eta,
        precision: "float32",
      });
    const { rounds, result } = await collect(
      parallelSample(mixtureDenoiser(points, schedule), {
        ...{ schedule, noise: noise.slice(0, (T + 1) * 64), method: "tqn" },
        ...{ windowSize: window, atol: tol, rtol: tol, tqn: PLAIN },
      }),
    );
    assert.ok(result.converged);
    recorded.final.forEach((value, i) => assert.ok(Math.abs(value - result.sample[i]) < 1e-9));
    // At tolerance 0 a step is finished when its residual is exactly 0, which hangs on the last
    // bits of the denoiser: the reference itself takes 30 … 35 rounds for the recorded 35, as its
    // matrix product is batched or threaded.
    if (tol === 0) return assert.ok(result.rounds <= T);
    assert.deepEqual(rounds.map((round) => round.finishedIndex), recorded.finished_index);
    assert.deepEqual([result.rounds, result.nfe], [recorded.rounds, recorded.nfe]);
  });
}

const schedule = createSchedule({ kind: "dit", numInferenceSteps: 20, eta: 1 });
const some = noise.slice(0, 21 * 64);
const mixture = mixtureDenoiser(points, schedule);

/** The steps that a run evaluates in each round. */
async function evaluatedSteps(options: Partial<SampleOptions>): Promise<number[][]> {
  const steps: number[][] = [];
  const spy: Denoiser = {
    rowSize: 64,
    predictNoise(latents, t, out) {
      steps.push([...t]);
      return mixture.predictNoise(latents, t, out);
    },
  };
  await collect(parallelSample(spy, { schedule, noise: some, ...options }));
  return steps;
}

const range = (start: number, end: number, stride = 1) =>
  Array.from({ length: Math.ceil((end - start) / stride) }, (_, i) => start + i * stride);

Deno.test("parallelSample() with tqn evaluates every fifth, every second, then every step", async () => {
  const [first, second, third] = await evaluatedSteps({ tqn: { skipRadius: 0 } });
  assert.deepEqual(first, [4, 9, 14, 19]);
  assert.deepEqual(second, range(0, 19, 2));
  assert.deepEqual(third, range(0, 18));
});

Deno.test("parallelSample() with tqn and a small window evaluates x_T first", async () => {
  const [first, second] = await evaluatedSteps({ windowSize: 7 });
  assert.deepEqual(first, [19]);
  assert.deepEqual(second, range(12, 19));
});

Deno.test("parallelSample() with tqn evaluates every step of a warm start", async () => {
  const initialTrajectory = some.slice();
  const [first] = await evaluatedSteps({ initialTrajectory, variationSteps: 12 });
  assert.deepEqual(first, range(0, 12));
  const [narrow] = await evaluatedSteps({ initialTrajectory, variationSteps: 12, windowSize: 5 });
  assert.deepEqual(narrow, range(7, 12));
});

Deno.test("parallelSample() with tqn and skipRadius skips no step in two consecutive rounds", async () => {
  const rounds = await evaluatedSteps({ tqn: { skipRadius: 0.05 } });
  const skipped = rounds.slice(2).map((steps) =>
    range(0, steps.at(-1)!).filter((t) => !steps.includes(t))
  );
  assert.ok(skipped[1].length > 1);
  skipped.forEach((steps, i) => assert.ok(!steps.some((t) => skipped[i + 1]?.includes(t))));
  const count = (lists: number[][]) => lists.reduce((sum, steps) => sum + steps.length, 0);
  assert.ok(count(rounds) < count(await evaluatedSteps({ tqn: { skipRadius: 0 } })));
});

Deno.test("parallelSample() with tqn reports NaN as the residual of a skipped step", async () => {
  const { rounds: [first, , third] } = await collect(
    parallelSample(mixture, { schedule, noise: some, tqn: { skipRadius: 0 } }),
  );
  first.residuals.forEach((value, t) => assert.equal(Number.isNaN(value), t % 5 !== 4));
  assert.ok(third.residuals.every(Number.isFinite));
});

Deno.test("parallelSample() uses tqn with its tolerance by default", async () => {
  const tqn = { symmetric: false, skipRadius: 0 };
  const given = { schedule, noise: some, method: "tqn" as const, atol: 3e-4, rtol: 3e-4, tqn };
  const { result } = await collect(parallelSample(mixture, { schedule, noise: some }));
  assert.deepEqual(result, (await collect(parallelSample(mixture, given))).result);
});

Deno.test("parallelSample() with tqn needs fewer rounds and evaluations than ParaTAA", async () => {
  const run = async (method: "tqn" | "parataa") =>
    (await collect(
      parallelSample(mixture, { schedule, noise: some, method, atol: 1e-3, rtol: 1e-3 }),
    )).result;
  const [tqn, parataa] = [await run("tqn"), await run("parataa")];
  assert.ok(tqn.rounds < parataa.rounds && tqn.nfe < parataa.nfe);
});
