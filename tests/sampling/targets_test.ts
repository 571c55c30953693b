/**
 * The solvers on every kind of chain, a Gaussian mixture for the network: no chain costs the
 * solvers what makes them worth while.
 */
import assert from "node:assert/strict";
import {
  createEulerSchedule,
  createFlowSchedule,
  createSchedule,
  drawNoise,
  type SampleOptions,
  type Schedule,
  sequentialSample,
  solve,
  TorchGenerator,
} from "../../mod.ts";
import { mixtureDenoiserOf, readProblem } from "./fixtures.ts";

const SEEDS = [0, 1, 2];
const model = { kind: "stable-diffusion", numInferenceSteps: 50 } as const;
const rescaled = { rescaleBetasZeroSnr: true, timestepSpacing: "trailing" } as const;

/** Rounds of T that TQN may take: all noise anew in every step leaves little to predict. */
const TARGETS: [name: string, schedule: Schedule, share: number][] = [
  ["flow", createFlowSchedule({ numInferenceSteps: 50 }), 2 / 5],
  ["flow, shift 3", createFlowSchedule({ numInferenceSteps: 50, shift: 3 }), 2 / 5],
  [
    "stochastic flow",
    createFlowSchedule({ numInferenceSteps: 50, stochasticSampling: true }),
    2 / 3,
  ],
  ["Euler", createEulerSchedule(model), 2 / 5],
  ["Euler, Karras levels", createEulerSchedule({ ...model, sigmaSpacing: "karras" }), 2 / 5],
  ["Euler ancestral", createEulerSchedule({ ...model, ancestral: true }), 2 / 5],
  ["DDIM without a last signal", createSchedule({ ...model, ...rescaled }), 2 / 5],
];

const { points } = await readProblem();

for (const [name, schedule, share] of TARGETS) {
  Deno.test(`solve() meets its targets of rounds and evaluations, ${name}`, async () => {
    const denoiser = mixtureDenoiserOf(points, schedule), { rowSize } = denoiser;
    const evaluations = { reference: 0, fast: 0, parataa: 0 };
    for (const seed of SEEDS) {
      const noise = drawNoise({ schedule, generator: new TorchGenerator(seed), rowSize });
      const { sample } = await sequentialSample(denoiser, { schedule, noise });
      for (const windowSize of [50, 8]) {
        const run = async (kind: keyof typeof evaluations, options: Partial<SampleOptions>) => {
          const result = await solve(denoiser, { schedule, noise, windowSize, ...options });
          evaluations[kind] += result.nfe;
          if (kind !== "parataa") assert.ok(result.rounds <= 50 * share, `${result.rounds} rounds`);
          const norm = (values: Float64Array) => Math.hypot(...values);
          const error = norm(result.sample.map((x, i) => x - sample[i])) / norm(sample);
          // 4e-4 of TQN and 5e-3 of ParaTAA at worst when this was written; with the doubled
          // tolerance of `fast` in a small window 1.3e-3.
          const most =
            { reference: 1e-3, fast: windowSize < 50 ? 2e-3 : 1e-3, parataa: 1e-2 }[kind];
          assert.ok(error < most, `seed ${seed}, ${kind}: ${error}`);
        };
        await run("fast", { preset: "fast" });
        await run("reference", { preset: "reference" });
        await run("parataa", { method: "parataa" });
      }
    }
    assert.ok(evaluations.reference < evaluations.parataa, JSON.stringify(evaluations));
  });
}
