/**
 * How far a run may end from sequential sampling, and what divergence does (rows D2 and N2 of the
 * reliability table).
 */
import assert from "node:assert/strict";
import {
  createSchedule,
  type Denoiser,
  parallelSample,
  type SampleOptions,
  sequentialSample,
} from "../../mod.ts";
import { collect } from "./collect.ts";
import { mixtureDenoiser, readProblem } from "./fixtures.ts";

const STEPS = 24;
const schedule = createSchedule({ kind: "stable-diffusion", numInferenceSteps: STEPS });
const problem = await readProblem();
const noise = problem.noise.slice(0, (STEPS + 1) * 64);
const mixture = mixtureDenoiser(problem.points, schedule);
const exact = await sequentialSample(mixture, { schedule, noise });

for (const tolerance of [1e-3, 1e-5, 0]) {
  Deno.test(`parallelSample() ends within 10 tolerances of sequential sampling, ${tolerance}`, async () => {
    const scale = Math.sqrt(exact.sample.reduce((sum, value) => sum + value ** 2, 0) / 64);
    for (const windowSize of [2, 4, 8, STEPS]) {
      for (const order of [1, 2, 4]) {
        for (const method of ["parataa", "tqn"] as const) {
          const { result } = await collect(parallelSample(mixture, {
            ...{ schedule, noise, method, windowSize, order, atol: tolerance, rtol: tolerance },
            memorySize: 3,
          }));
          const error = Math.max(
            ...result.sample.map((value, i) => Math.abs(value - exact.sample[i])),
          );
          assert.ok(
            error <= 10 * tolerance * scale,
            `window ${windowSize}, order ${order}: ${error}`,
          );
        }
      }
    }
  });
}

Deno.test("parallelSample() profits from the newest differences where the official code takes the oldest", async () => {
  const options = { schedule, noise, method: "parataa" as const, windowSize: 8, memorySize: 4 };
  const fixed = await collect(parallelSample(mixture, options));
  const official = await collect(parallelSample(mixture, { ...options, compat: "official" }));
  assert.ok(fixed.result.rounds < official.result.rounds);
});

const linear = (slope: (round: number) => number): Denoiser => {
  let calls = 0;
  return {
    rowSize: 64,
    predictNoise(latents, _steps, out) {
      const factor = slope(calls++);
      return Promise.resolve(void out.forEach((_, i) => out[i] = factor * latents[i]));
    },
  };
};

for (
  const [what, denoiser, options] of [
    ["an expansive denoiser, Lipschitz 50", () => linear(() => 50), {}],
    ["a singular Gram matrix", () => linear(() => 0), { regularization: 0, memorySize: 5 }],
    ["a zero tolerance", () => mixture, { atol: 0, rtol: 0 }],
    ["a tolerance of 1e-30", () => mixture, { atol: 1e-30, rtol: 1e-30 }],
    ["window T", () => mixture, { atol: 0, rtol: 0, windowSize: STEPS, memorySize: 8 }],
    ["order = window", () => mixture, { atol: 0, rtol: 0, windowSize: 6, order: 6 }],
  ] as [string, () => Denoiser, Partial<SampleOptions>][]
) {
  for (const method of ["tqn", "parataa"] as const) {
    Deno.test(`parallelSample() ends within T rounds with the sequential answer: ${what}, ${method}`, async () => {
      const wanted = await sequentialSample(denoiser(), { schedule, noise });
      const run = { schedule, noise, method, atol: 0, rtol: 0, ...options };
      const { result } = await collect(parallelSample(denoiser(), run));
      assert.ok(result.converged && result.rounds <= STEPS);
      assert.deepEqual(result.trajectory, wanted.trajectory);
    });
  }
}

Deno.test("parallelSample() ends within T rounds when the denoiser changes its mind every round", async () => {
  const fickle = linear((round) => round % 2 === 0 ? 1 : -1);
  const { result } = await collect(parallelSample(fickle, { schedule, noise, atol: 0, rtol: 0 }));
  assert.ok(result.converged && result.rounds <= STEPS);
});
