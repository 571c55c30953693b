import assert from "node:assert/strict";
import { createSchedule, parallelSample, sequentialSample } from "../../../../mod.ts";
import { paradigms } from "../../../../scripts/bench/samplers/paradigms.ts";
import { collect } from "../../../sampling/collect.ts";
import { mixtureDenoiser, readProblem } from "../../../sampling/fixtures.ts";

const STEPS = 40;
const problem = await readProblem();

for (const eta of [0, 1]) {
  for (const windowSize of [STEPS, 10]) {
    Deno.test(`paradigms() equals sequential sampling at tolerance 0, eta ${eta}, window ${windowSize}`, async () => {
      const schedule = createSchedule({ kind: "dit", numInferenceSteps: STEPS, eta });
      const denoiser = mixtureDenoiser(problem.points, schedule), { rowSize } = denoiser;
      const noise = problem.noise.slice(0, (STEPS + 1) * rowSize);
      const { sample } = await sequentialSample(denoiser, { schedule, noise });
      const run = (rtol: number) =>
        collect(parallelSample(denoiser, {
          ...{ schedule, noise, windowSize, method: paradigms, atol: 0, rtol },
        }));
      const { result } = await run(0);
      assert.ok(result.converged && result.rounds <= STEPS);
      result.sample.forEach((x, i) => assert.ok(Math.abs(x - sample[i]) < 1e-9));
      const loose = await run(0.1);
      assert.ok(loose.result.converged && loose.result.rounds < result.rounds);
    });
  }
}

Deno.test("paradigms() moves the window to the first x that moved by more than the tolerance", async () => {
  const schedule = createSchedule({ kind: "dit", numInferenceSteps: STEPS });
  const denoiser = mixtureDenoiser(problem.points, schedule), { rowSize } = denoiser;
  const noise = problem.noise.slice(0, (STEPS + 1) * rowSize);
  const { rounds } = await collect(parallelSample(denoiser, {
    ...{ schedule, noise, method: paradigms, atol: 0, rtol: 0.1 },
  }));
  assert.ok(rounds.length < STEPS);
  for (const { windowStart, windowEnd, finishedIndex, residuals } of rounds) {
    const moved = (t: number) => residuals[t - windowStart] > 0.1 * schedule.noiseScale[t - 1];
    for (let t = windowEnd - 1; t > finishedIndex; t--) assert.ok(!moved(t), `step ${t}`);
    if (finishedIndex > 0) assert.ok(moved(finishedIndex));
  }
});
