import assert from "node:assert/strict";
import {
  createFlowSchedule,
  createSchedule,
  FAST_FLOW_TQN,
  FAST_TQN,
  parallelSample,
  type Round,
  type SampleOptions,
  solve,
  type SolverProblem,
} from "../../mod.ts";
import { collect } from "./collect.ts";
import { mixtureDenoiser, mixtureDenoiserOf, readProblem } from "./fixtures.ts";

const { points, noise: all } = await readProblem();
const schedule = createSchedule({ kind: "dit", numInferenceSteps: 50 });
const denoiser = mixtureDenoiser(points, schedule);
const noise = all.slice(0, 51 * 64);

Deno.test("solve() returns what parallelSample() returns with the preset fast, and shows every round", async () => {
  const shown: Round[] = [];
  const result = await solve(denoiser, {
    ...{ schedule, noise },
    onRound: (round) => void shown.push(round),
  });
  const { rounds, result: same } = await collect(
    parallelSample(denoiser, { schedule, noise, preset: "fast" }),
  );
  assert.deepEqual(result, same);
  assert.deepEqual(shown, rounds);
});

Deno.test("solve() takes the preset and the options that it is given", async () => {
  const { result } = await collect(parallelSample(denoiser, { schedule, noise }));
  assert.deepEqual(await solve(denoiser, { schedule, noise, preset: "reference" }), result);
});

Deno.test("the preset fast is FAST_TQN with rtol 10 atol, and strides for a warm start over all steps", async () => {
  const plain = { schedule, noise, preset: "reference" as const };
  for (const atol of [3e-4, 1e-3]) {
    const given = atol === 3e-4 ? {} : { atol };
    assert.deepEqual(
      await solve(denoiser, { schedule, noise, ...given }),
      await solve(denoiser, { ...plain, atol, rtol: 10 * atol, tqn: FAST_TQN }),
    );
  }
  const { trajectory } = await solve(denoiser, plain);
  const warm = { initialTrajectory: trajectory, variationSteps: 30 };
  const atol = 3e-4, rtol = 3e-3;
  assert.deepEqual(
    await solve(denoiser, { schedule, noise, ...warm }),
    await solve(denoiser, { ...plain, ...warm, atol, rtol, tqn: { ...FAST_TQN, strides: [5, 2] } }),
  );
  assert.deepEqual(
    await solve(denoiser, { schedule, noise, ...warm, windowSize: 20 }),
    await solve(denoiser, { ...plain, ...warm, windowSize: 20, atol, rtol, tqn: FAST_TQN }),
  );
});

Deno.test("the preset fast has separate settings for a flow, at any window and start", async () => {
  const schedule = createFlowSchedule({ numInferenceSteps: 50, shift: 3 });
  const denoiser = mixtureDenoiserOf(points, schedule);
  const plain = { schedule, noise, preset: "reference" as const, atol: 3e-4, rtol: 3e-3 };
  const own = await solve(denoiser, { schedule, noise });
  assert.deepEqual(own, await solve(denoiser, { ...plain, tqn: FAST_FLOW_TQN }));
  assert.notDeepEqual(own, await solve(denoiser, { ...plain, tqn: FAST_TQN }));
  const warm = { initialTrajectory: own.trajectory };
  assert.deepEqual(
    await solve(denoiser, { schedule, noise, ...warm }),
    await solve(denoiser, { ...plain, ...warm, tqn: { ...FAST_FLOW_TQN, strides: [5, 2] } }),
  );
});

Deno.test("the preset fast changes nothing about parataa", async () => {
  const options = { schedule, noise, method: "parataa" as const };
  assert.deepEqual(
    await solve(denoiser, options),
    await solve(denoiser, { ...options, preset: "reference" }),
  );
});

Deno.test("solve() trusts a solved chain unless the solver doubts it, and no other", async () => {
  const { trusted, doubt } = await solve(denoiser, { schedule, noise });
  assert.deepEqual({ trusted, doubt }, { trusted: true, doubt: undefined });
  assert.equal((await solve(denoiser, { schedule, noise, maxRounds: 2 })).trusted, false);
  const method = (problem: SolverProblem) => {
    const window = {
      start: 0,
      end: problem.schedule.numSteps,
      finished: problem.schedule.numSteps,
    };
    return {
      ...{ trajectory: problem.noise.slice(), window, doubt: "a reason" },
      ask: () => ({
        ...{ steps: Int32Array.of(0), latents: problem.noise.slice(0, 64) },
        epsilon: new Float64Array(64),
      }),
      update: () => {
        window.finished = 0;
        return new Float64Array(problem.schedule.numSteps);
      },
    };
  };
  const doubted = await solve(denoiser, { schedule, noise, method });
  assert.deepEqual([doubted.trusted, doubted.doubt], [false, "a reason"]);
});

Deno.test("the preset visual is a tolerance of tqn, unless one is given", async () => {
  const options = { schedule, noise, windowSize: 8 };
  const run = (more: Partial<SampleOptions>) => solve(denoiser, { ...options, ...more });
  const visual = await run({ preset: "visual" });
  assert.deepEqual(visual, await run({ atol: 7.5e-4 }));
  assert.notDeepEqual(visual, await run({}));
  assert.deepEqual(await run({ preset: "visual", atol: 3e-4 }), await run({}));
  const parataa = { method: "parataa" } as const;
  assert.deepEqual(await run({ ...parataa, preset: "visual" }), await run(parataa));
});

Deno.test("the preset exact is tolerance 0 for every method, unless a tolerance is given", async () => {
  const short = createSchedule({ kind: "dit", numInferenceSteps: 12 });
  const some = { schedule: short, noise: all.slice(0, 13 * 64) };
  const network = mixtureDenoiser(points, short);
  for (const method of ["tqn", "parataa", "fixed_point"] as const) {
    const plain = { ...some, method, windowSize: 7, preset: "fast" as const };
    const exact = await solve(network, { ...plain, preset: "exact" });
    assert.deepEqual(exact, await solve(network, { ...plain, atol: 0, rtol: 0 }));
    const loose = { atol: 1e-2, ...(method === "tqn" ? {} : { rtol: 1e-2 }) };
    assert.deepEqual(
      await solve(network, { ...plain, preset: "exact", ...loose }),
      await solve(network, { ...plain, ...loose }),
    );
  }
});
