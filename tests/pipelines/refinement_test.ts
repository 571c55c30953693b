import assert from "node:assert/strict";
import { FlowPipeline } from "../../src/pipelines/flow_pipeline.ts";
import { latentDifference } from "../../src/runs/latent_difference.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import { sequentialSample } from "../../src/sampling/sequential_sampler.ts";
import { solve } from "../../src/sampling/solve.ts";

const STEPS = 50, SEEDS = [0, 1, 2];

/** Geometric mean. */
const mean = (values: readonly number[]) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

Deno.test("with refinement, a small window takes fewer rounds and ends nearer to the sequential sample", async () => {
  using env = Environment.open();
  const session = { intraOpNumThreads: 1 };
  await using pipeline = await FlowPipeline.open(env, "models/flow-emoji", { session });
  const schedule = pipeline.createSchedule({ numInferenceSteps: STEPS });
  const errors: Record<string, number[]> = { refined: [], plain: [] };
  const rounds = { refined: 0, plain: 0 };
  for (const seed of SEEDS) {
    const denoiser = pipeline.createDenoiser(7 * seed, { schedule, guidanceScale: 3 });
    const noise = new TorchGenerator(seed).randn((STEPS + 1) * denoiser.rowSize);
    const { sample } = await sequentialSample(denoiser, { schedule, noise });
    for (const [name, refinement] of [["refined", 2], ["plain", 0]] as const) {
      const options = { schedule, noise, windowSize: 8, tqn: { refinement } };
      const result = await solve(denoiser, options);
      errors[name].push(latentDifference(result.sample, sample).relative);
      rounds[name] += result.rounds;
    }
  }
  assert.ok(rounds.refined < rounds.plain, JSON.stringify(rounds));
  assert.ok(mean(errors.refined) < mean(errors.plain), JSON.stringify(errors));
});
