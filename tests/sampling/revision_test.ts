import assert from "node:assert/strict";
import { createSchedule, type Denoiser, type Schedule } from "../../mod.ts";
import { parseFlags } from "../../src/arguments/parse_flags.ts";
import { givenSettings } from "../../src/arguments/record.ts";
import { resolveSettings } from "../../src/arguments/resolve_settings.ts";
import { TASKS } from "../../src/arguments/tasks.ts";
import { solve } from "../../src/jobs/samples/solve.ts";
import { digestBytes } from "../../src/storage/hash.ts";
import { SOLVER_REVISION } from "../../src/sampling/revision.ts";

/**
 * SHA-256 over rounds, evaluations and every bit of the trajectories. When it changes, both change:
 * runs of before are then neither resumed nor kept beside runs of after.
 */
const RECORDED = {
  revision: 4,
  sha256: "86c99b54928a36760e11e54db5bfe72f7584b88bd2710f20dab3750fa4eea9a9",
};

const STEPS = 40, SIZE = 16;

/**
 * Arithmetic that IEEE 754 settles to the last bit, and no function of a library: equal on every
 * machine.
 */
function denoiserFor({ alphasCumprod }: Schedule): Denoiser {
  return {
    rowSize: SIZE,
    predictNoise(latents, steps, out) {
      for (let i = 0; i < out.length; i++) {
        const a = alphasCumprod[steps[Math.floor(i / SIZE)]], x = latents[i];
        const target = x / (1 + Math.abs(3 * latents[i ^ 1])); // couples the elements
        out[i] = (x - Math.sqrt(a) * target) / Math.sqrt(1 - 0.75 * a);
      }
      return Promise.resolve();
    },
  };
}

/** Numbers from -2 to 2 of a linear congruential generator. */
function fixedNoise(length: number): Float64Array {
  let state = 1;
  return Float64Array.from({ length }, () => {
    state = (1664525 * state + 1013904223) % 2 ** 32;
    return state / 2 ** 30 - 2;
  });
}

const METHODS = [
  ["--method=tqn"],
  ["--method=parataa", "--memory_size=3"],
  ["--method=parataa", "--memory_size=3", "--compat=official", "--order=4"],
  ["--method=fixed_point", "--order=2"],
];

const LINES = [
  ["--method=sequential"],
  ...METHODS.flatMap((method) => [method, [...method, "--window_size=5"]]),
];

/** What a line's chain comes to, and a warm start of the same noise from it. */
async function solveAll(eta: number, line: readonly string[]): Promise<string> {
  const schedule = createSchedule({ kind: "dit", numInferenceSteps: STEPS, eta });
  const { values, given } = parseFlags(TASKS.dit.flags, line);
  const { settings } = resolveSettings(givenSettings("dit", values, given));
  const options = {
    ...{ schedule, settings },
    ...{ signal: new AbortController().signal, onRound() {} },
  };
  const chain = { denoiser: denoiserFor(schedule), noise: fixedNoise((STEPS + 1) * SIZE) };
  const { result: cold } = await solve(chain, options);
  const trajectory = cold.trajectory.map((x, i) => i < STEPS * SIZE ? 0.75 * x : x);
  const start = { trajectory, variationSteps: STEPS - 3 };
  const { result: warm } = await solve({ ...chain, start }, options);
  return [cold, warm].map(({ rounds, nfe, trajectory }) =>
    `${rounds} ${nfe} ${digestBytes(new Uint8Array(trajectory.buffer)).sha256}`
  ).join();
}

Deno.test("SOLVER_REVISION stands for what every method gives, to the last bit", async () => {
  const results: string[] = [];
  for (const eta of [0, 1]) {
    for (const line of LINES) results.push(await solveAll(eta, line));
  }
  assert.ok(new Set(results).size > LINES.length, "methods give different results");
  const { sha256 } = digestBytes(new TextEncoder().encode(results.join("\n")));
  assert.deepEqual({ revision: SOLVER_REVISION, sha256 }, RECORDED);
});
