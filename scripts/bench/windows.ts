/**
 * Rounds and evaluations by window on the shipped models: what
 * src/jobs/planning/expected_rounds.ts holds. One line per method, eta and T: windows, mean rounds
 * and mean evaluations of three chains on each model, and the largest RMS difference to sequential
 * sampling over the latent's RMS. `deno run -A scripts/bench/windows.ts` takes an hour; methods and
 * models as arguments (`tqn sd`) run these alone.
 * @module
 */
import { DitPipeline } from "../../src/pipelines/dit_pipeline.ts";
import { StableDiffusionPipeline } from "../../src/pipelines/stable_diffusion_pipeline.ts";
import { latentDifference } from "../../src/runs/latent_difference.ts";
import { Environment } from "../../src/runtime/environment.ts";
import type { Denoiser } from "../../src/sampling/denoiser.ts";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import type { Method } from "../../src/sampling/options.ts";
import { parallelSample } from "../../src/sampling/parallel_sampler.ts";
import type { Schedule } from "../../src/sampling/schedules/schedule.ts";
import { sequentialSample } from "../../src/sampling/sequential_sampler.ts";

/** Seed, class and prompt of every chain. */
const CHAINS = [[101, 0, "a cute cat"], [102, 9, "red apple"], [103, 23, "penguin"]] as const;
const METHODS = wanted(["tqn", "parataa", "fixed_point"] as const satisfies readonly Method[]);
const MODELS = wanted(["dit", "sd"] as const);
/** Shares of the steps that are in the window. */
const SHARES = [0.04, 0.08, 0.16, 0.32, 0.64, 1];
const SESSION = { session: { intraOpNumThreads: 1 } };

/** A chain to solve, and what sequential sampling gives. */
interface Chain {
  denoiser: Denoiser;
  schedule: Schedule;
  noise: Float64Array;
  target: Float64Array;
}

type ChainOptions = { numInferenceSteps: number; eta: number };

/** The names that are among the arguments, all of them where none is. */
function wanted<N extends string>(names: readonly N[]): readonly N[] {
  const given = names.filter((name) => Deno.args.includes(name));
  return given.length > 0 ? given : names;
}

using env = Environment.open();
await using dit = await DitPipeline.open(env, "models/dit-emoji", SESSION);
await using sd = await StableDiffusionPipeline.open(env, "models/sd-emoji", SESSION);
for (const method of METHODS) {
  for (const eta of [0, 1]) {
    for (const numInferenceSteps of [25, 50, 100]) {
      const chains: Chain[] = [];
      for (const model of MODELS) {
        chains.push(...await chainsOf({ dit, sd }[model], { numInferenceSteps, eta }));
      }
      console.log(`${method} eta ${eta} T ${numInferenceSteps}: ${await measure(chains, method)}`);
    }
  }
}

async function chainsOf(
  pipeline: DitPipeline | StableDiffusionPipeline,
  options: ChainOptions,
): Promise<Chain[]> {
  const schedule = pipeline.createSchedule(options), guided = { schedule, guidanceScale: 4 };
  const chains: Chain[] = [];
  for (const [seed, label, prompt] of CHAINS) {
    const denoiser = pipeline instanceof DitPipeline
      ? pipeline.createDenoiser(label, guided)
      : pipeline.createDenoiser({
        prompt: await pipeline.encodePrompt(prompt),
        negativePrompt: await pipeline.encodePrompt(""),
      }, guided);
    const noise = new TorchGenerator(seed).randn(
      (options.numInferenceSteps + 1) * denoiser.rowSize,
    );
    const { sample } = await sequentialSample(denoiser, { schedule, noise });
    chains.push({ denoiser, schedule, noise, target: sample });
  }
  return chains;
}

async function measure(chains: readonly Chain[], method: Method): Promise<string> {
  const windows: number[] = [], meanRounds: number[] = [], meanNfe: number[] = [];
  let worst = 0;
  for (const share of SHARES) {
    const windowSize = Math.round(share * chains[0].schedule.numSteps);
    if (windowSize === 1) continue; // sequential sampling
    let rounds = 0, nfe = 0;
    for (const { target, ...chain } of chains) {
      const result = await solved(chain, { method, windowSize });
      rounds += result.rounds;
      nfe += result.nfe;
      worst = Math.max(worst, latentDifference(result.sample, target).relative);
    }
    windows.push(windowSize);
    meanRounds.push(Number((rounds / chains.length).toFixed(1)));
    meanNfe.push(Math.round(nfe / chains.length));
  }
  return `${JSON.stringify([windows, meanRounds, meanNfe])}, worst ${worst.toExponential(1)}`;
}

async function solved(
  { denoiser, ...chain }: Omit<Chain, "target">,
  options: { method: Method; windowSize: number },
) {
  const run = parallelSample(denoiser, { ...chain, ...options, preset: "fast" });
  let next = await run.next();
  while (!next.done) next = await run.next();
  return next.value;
}
