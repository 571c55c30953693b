/**
 * D2: every window, order and tolerance agrees with sequential sampling within ten tolerances of
 * the latent's scale, and exactly at 0.
 */
import assert from "node:assert/strict";
import { DitPipeline } from "../../src/pipelines/dit_pipeline.ts";
import { latentDifference } from "../../src/runs/latent_difference.ts";
import { Environment } from "../../src/runtime/environment.ts";
import type { Denoiser } from "../../src/sampling/denoiser.ts";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import type { SampleOptions } from "../../src/sampling/options.ts";
import { parallelSample } from "../../src/sampling/parallel_sampler.ts";
import type { SampleResult } from "../../src/sampling/results.ts";
import { sequentialSample } from "../../src/sampling/sequential_sampler.ts";
import { ROOT } from "../support/run_script.ts";

const T = 20;
const SEED = 0;

async function solve(denoiser: Denoiser, options: SampleOptions): Promise<SampleResult> {
  const rounds = parallelSample(denoiser, options);
  for (;;) {
    const { done, value } = await rounds.next();
    if (done) return value;
  }
}

for (const eta of [0, 1]) {
  Deno.test(`D2: windows, orders and tolerances against sequential sampling, eta ${eta}`, async () => {
    using env = Environment.open();
    const session = { intraOpNumThreads: 1 };
    await using pipeline = await DitPipeline.open(env, `${ROOT}models/dit-emoji`, { session });
    const schedule = pipeline.createSchedule({ numInferenceSteps: T, eta });
    const denoiser = pipeline.createDenoiser(10, { schedule, guidanceScale: 4 });
    const cells = [2, 4, 8, T].flatMap((windowSize) => [
      ...[1, 2, 4].filter((order) => order <= windowSize).map((order) =>
        ({ method: "parataa", windowSize, order }) as const
      ),
      { method: "tqn", windowSize } as const,
    ]);
    const noise = new TorchGenerator(SEED).randn((T + 1) * denoiser.rowSize);
    const wanted = await sequentialSample(denoiser, { schedule, noise });
    const scale = Math.max(...wanted.sample.map(Math.abs));
    let failed = 0;
    for (const cell of cells) {
      for (const tolerance of [1e-3, 1e-5, 0]) {
        const options = { schedule, noise, atol: tolerance, rtol: tolerance, ...cell };
        const found = await solve(denoiser, options);
        const far = latentDifference(found.sample, wanted.sample).max / scale;
        const told = tolerance === 0 ? `${far}` : `${(far / tolerance).toFixed(2)} tolerances`;
        console.log(`D2: eta ${eta}, ${Object.values(cell).join(" ")}, tol ${tolerance}: ${told}`);
        if (tolerance === 0 ? far !== 0 : far > 10 * tolerance) failed++;
      }
    }
    assert.equal(failed, 0);
  });
}
