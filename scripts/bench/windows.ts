/**
 * Rounds and evaluations by window on models/dit-emoji: what src/jobs/planning/expected_rounds.ts
 * holds. One line per method, eta and T: windows, mean rounds, mean evaluations, and the largest
 * RMS difference to sequential sampling over the latent's RMS.
 * `nice deno run -A scripts/bench/windows.ts` takes half an hour on two busy cores; methods as
 * arguments run these alone.
 * @module
 */
import { DitPipeline } from "../../src/pipelines/dit_pipeline.ts";
import { latentDifference } from "../../src/runs/latent_difference.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import type { Method } from "../../src/sampling/options.ts";
import { parallelSample } from "../../src/sampling/parallel_sampler.ts";
import { sequentialSample } from "../../src/sampling/sequential_sampler.ts";

/** Seed and class of every chain. */
const CHAINS = [[101, 0], [102, 9], [103, 23]] as const;
const METHODS = (["tqn", "parataa", "fixed_point"] as const satisfies readonly Method[])
  .filter((method) => Deno.args.length === 0 || Deno.args.includes(method));
/** Shares of the steps that are in the window. */
const SHARES = [0.04, 0.08, 0.16, 0.32, 0.64, 1];

using env = Environment.open();
await using pipeline = await DitPipeline.open(env, "models/dit-emoji");
for (const eta of [0, 1]) {
  for (const numInferenceSteps of [25, 50, 100]) {
    const schedule = pipeline.createSchedule({ numInferenceSteps, eta });
    const chains = [];
    for (const [seed, label] of CHAINS) {
      const denoiser = pipeline.createDenoiser(label, { schedule, guidanceScale: 4 });
      const noise = new TorchGenerator(seed).randn((numInferenceSteps + 1) * denoiser.rowSize);
      const { sample } = await sequentialSample(denoiser, { schedule, noise });
      chains.push({ denoiser, noise, wanted: sample });
    }
    for (const method of METHODS) {
      const windows: number[] = [], meanRounds: number[] = [], meanNfe: number[] = [];
      let worst = 0;
      for (const share of SHARES) {
        const windowSize = Math.round(share * numInferenceSteps);
        if (windowSize === 1) continue; // sequential sampling
        let rounds = 0, nfe = 0;
        for (const { denoiser, noise, wanted } of chains) {
          const run = parallelSample(denoiser, {
            ...{ schedule, noise, method, windowSize },
            preset: "fast",
          });
          let next = await run.next();
          while (!next.done) next = await run.next();
          rounds += next.value.rounds;
          nfe += next.value.nfe;
          worst = Math.max(worst, latentDifference(next.value.sample, wanted).relative);
        }
        windows.push(windowSize);
        meanRounds.push(Number((rounds / CHAINS.length).toFixed(1)));
        meanNfe.push(Math.round(nfe / CHAINS.length));
      }
      const where = `${method} eta ${eta} T ${numInferenceSteps}`;
      const table = JSON.stringify([windows, meanRounds, meanNfe]);
      console.log(`${where}: ${table}, worst ${worst.toExponential(1)}`);
    }
  }
}
