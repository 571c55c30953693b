// Sweeps the window size of two solvers and plots rounds and evaluations.
//
//   deno run -A examples/sweep.ts [FILE.svg]

import { DitPipeline, Environment, figure, linePanel, solve, TorchGenerator } from "../mod.ts";

using env = Environment.open();
await using pipeline = await DitPipeline.open(env, "models/dit-emoji");
const schedule = pipeline.createSchedule({ numInferenceSteps: 25 });
const denoiser = pipeline.createDenoiser(6, { schedule, guidanceScale: 4 });
const noise = new TorchGenerator(0).randn(26 * denoiser.rowSize);

const methods = ["tqn", "parataa"] as const, rounds = [], evaluations = [];
for (const method of methods) {
  const runs = [];
  for (const windowSize of [4, 8, 15, 25]) {
    runs.push({
      x: windowSize,
      result: await solve(denoiser, { schedule, noise, method, windowSize }),
    });
  }
  rounds.push({ name: method, points: runs.map(({ x, result }) => ({ x, y: result.rounds })) });
  evaluations.push({ name: method, points: runs.map(({ x, result }) => ({ x, y: result.nfe })) });
  console.log(
    `${method}: ${runs.map(({ x, result }) => `${result.rounds} at window ${x}`).join(", ")}`,
  );
}
const axes = { x: "linear", y: "linear" } as const;
const panels = [
  linePanel("rounds over window_size", rounds, axes),
  linePanel("evaluations over window_size", evaluations, axes),
];
await Deno.writeTextFile(Deno.args[0] ?? "output/sweep.svg", figure(panels, 2));
