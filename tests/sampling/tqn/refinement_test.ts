import assert from "node:assert/strict";
import {
  createSchedule,
  type Denoiser,
  parallelSample,
  type SampleOptions,
  sequentialSample,
} from "../../../mod.ts";
import { collect } from "../collect.ts";
import { mixtureDenoiser, readProblem } from "../fixtures.ts";

const STEPS = 50, WINDOW = 8;
const { points, noise: all } = await readProblem();
const schedule = createSchedule({ kind: "dit", numInferenceSteps: STEPS });
const noise = all.slice(0, (STEPS + 1) * 64);
const denoiser = mixtureDenoiser(points, schedule);

/** A run at window 8, and the steps that each round evaluated. */
async function run(refinement: number, options: Partial<SampleOptions> = {}, asked = denoiser) {
  const steps: number[][] = [];
  const spy: Denoiser = {
    ...asked,
    rowSize: asked.rowSize,
    predictNoise(latents, wanted, out) {
      steps.push([...wanted]);
      return asked.predictNoise(latents, wanted, out);
    },
  };
  const { rounds, result } = await collect(parallelSample(spy, {
    ...{ schedule, noise, windowSize: WINDOW, atol: 1e-3, rtol: 1e-3 },
    ...options,
    tqn: { refinement, ...options.tqn },
  }));
  return { rounds, result, steps };
}

const { sample: sequential } = await sequentialSample(denoiser, { schedule, noise });

Deno.test("refinement evaluates finished steps of little noise again in the last rounds", async () => {
  const { rounds, steps } = await run(1);
  const refined = steps.map((asked, i) => asked.filter((t) => t >= rounds[i].windowEnd));
  assert.ok(refined.some((again) => again.length > 0));
  refined.forEach((again, i) => {
    if (rounds[i].windowStart > 0) assert.deepEqual(again, []);
    for (const t of again) assert.ok(t < WINDOW && schedule.sigma[t] < 0.3, `step ${t}`);
    assert.ok(steps[i].length <= WINDOW);
  });
});

Deno.test("refinement is a factor of both tolerances", async () => {
  const twice = await run(2), tolerant = await run(1, { atol: 2e-3, rtol: 2e-3 });
  assert.deepEqual(twice, tolerant);
  assert.ok(twice.result.rounds < (await run(1)).result.rounds);
});

Deno.test("refinement evaluates nothing again at tolerance 0", async () => {
  const exact = { atol: 0, rtol: 0 };
  const refined = await run(2, exact);
  assert.deepEqual(refined, await run(0, exact));
  assert.deepEqual(refined.result.sample, sequential);
});

Deno.test("refinement changes nothing in a window of all steps, or if the denoiser remembers", async () => {
  const full = { windowSize: STEPS };
  assert.deepEqual(await run(2, full), await run(0, full));
  const remembering = { ...denoiser, remembers: true };
  assert.deepEqual(await run(2, {}, remembering), await run(0, {}, remembering));
});
