/**
 * Measures the embedded Stable Diffusion model: parallel images against sequential ones, warm
 * starts against sampling from noise, and peak memory by batch size and window. Takes about half an
 * hour on one core.
 * @module
 */
import { elementsOf } from "../../src/elements_of.ts";
import { parseArgs } from "node:util";
import { StableDiffusionPipeline } from "../../src/pipelines/stable_diffusion_pipeline.ts";
import { latentDifference } from "../../src/runs/latent_difference.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import type { Method } from "../../src/sampling/options.ts";
import { parallelSample } from "../../src/sampling/parallel_sampler.ts";
import type { SampleResult } from "../../src/sampling/results.ts";
import { sequentialSample } from "../../src/sampling/sequential_sampler.ts";
import { peakOf, printPeak } from "./peak.ts";
import { mean } from "./samplers/metrics.ts";
import { type BenchRow, median, printTable } from "./table.ts";

const MODEL = "models/sd-emoji", STEPS = 50, VARIATION = 30, GUIDANCE = 4;

/** "a cute dog" → "a cute cat" and nine more. */
const PAIRS = [
  ["a cute dog", "a cute cat"],
  ["red apple", "green apple"],
  ["red heart", "blue heart"],
  ["sunflower", "rose"],
  ["bird", "penguin"],
  ["smiling face", "angry face"],
  ["soccer ball", "basketball"],
  ["car", "bus"],
  ["fish", "octopus"],
  ["pizza", "hamburger"],
];

class Lab {
  readonly #pipeline: StableDiffusionPipeline;
  readonly schedule;
  constructor(pipeline: StableDiffusionPipeline) {
    this.#pipeline = pipeline;
    this.schedule = pipeline.createSchedule({ numInferenceSteps: STEPS, eta: 0 });
  }

  noise(seed: number): Float64Array {
    const size = elementsOf(this.#pipeline.latentShape);
    return new TorchGenerator(seed).randn((STEPS + 1) * size);
  }

  async denoiser(prompt: string) {
    const condition = {
      prompt: await this.#pipeline.encodePrompt(prompt),
      negativePrompt: await this.#pipeline.encodePrompt(""),
    };
    return this.#pipeline.createDenoiser(condition, {
      schedule: this.schedule,
      guidanceScale: GUIDANCE,
    });
  }

  /** Samples a prompt; `start` is a warm start. */
  async solve(
    prompt: string,
    seed: number,
    options: { method: Method | "sequential"; tolerance?: number; start?: Float64Array },
  ): Promise<SampleResult> {
    const { method, tolerance, start } = options;
    const denoiser = await this.denoiser(prompt);
    const shared = {
      schedule: this.schedule,
      noise: this.noise(seed),
      ...(start ? { initialTrajectory: start, variationSteps: VARIATION } : {}),
    };
    if (method === "sequential") return await sequentialSample(denoiser, shared);
    const rounds = parallelSample(denoiser, {
      ...shared,
      method,
      order: 20,
      atol: tolerance,
      rtol: tolerance,
      preset: tolerance === undefined ? "fast" : "reference",
    });
    let next = await rounds.next();
    while (!next.done) next = await rounds.next();
    return next.value;
  }

  async levels(a: Float64Array, b: Float64Array): Promise<number> {
    const [left, right] = [await this.#pipeline.decode(a), await this.#pipeline.decode(b)];
    return left.data.reduce((most, x, i) => Math.max(most, Math.abs(x - right.data[i])), 0);
  }
}

/** Measures the largest difference of any pixel, in levels, over all seeds at tolerance 1e-5. */
async function benchParity(lab: Lab, seeds: number, method: Method): Promise<BenchRow> {
  let worst = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const { sample } = await lab.solve("a cute dog", seed, { method, tolerance: 1e-5 });
    const sequential = await lab.solve("a cute dog", seed, { method: "sequential" });
    worst = Math.max(worst, await lab.levels(sample, sequential.sample));
  }
  return {
    group: `parallel against sequential images, ${seeds} seeds, tolerance 1e-5`,
    name: method,
    value: worst,
    unit: "levels",
    note: "largest difference of any pixel",
  };
}

async function benchWarmStart(lab: Lab, seeds: number, method: Method): Promise<BenchRow[]> {
  const rounds: number[] = [], evaluations: number[] = [], errors: number[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    for (const [first, second] of PAIRS) {
      const start = (await lab.solve(first, seed, { method })).trajectory;
      const scratch = await lab.solve(second, seed, { method });
      const warm = await lab.solve(second, seed, { method, start });
      const own = await lab.solve(second, seed, { method: "sequential", start });
      rounds.push(warm.rounds / scratch.rounds);
      evaluations.push(warm.nfe / scratch.nfe);
      errors.push(latentDifference(warm.sample, own.sample).relative);
    }
    console.error(
      `seed ${seed}: so far ${mean(rounds).toFixed(3)} of the rounds, ${
        mean(evaluations).toFixed(3)
      } of the evaluations`,
    );
  }
  const group =
    `warm start, ${PAIRS.length} pairs of prompts, ${seeds} seeds, last ${VARIATION} of ${STEPS} steps, ${method}`;
  return [
    { group, name: "rounds", value: mean(rounds), unit: "of from scratch" },
    { group, name: "evaluations", value: mean(evaluations), unit: "of from scratch" },
    {
      group,
      name: "error, median",
      value: median(errors),
      unit: "",
      note: "relative RMS to the sequential chain from the same x_30",
    },
    { group, name: "error, worst", value: Math.max(...errors), unit: "" },
  ];
}

/**
 * Measures the peak memory at 4×64×64 with guidance, each in its own process, on a very small UNet:
 * the growth is parataa's and ONNX Runtime's.
 */
async function benchMemory(): Promise<BenchRow[]> {
  const group = "peak memory of a process, 4×64×64 latents, guidance on";
  const rows: BenchRow[] = [];
  for (const batch of [4, 16]) {
    for (const window of [10, STEPS]) {
      const value = await peakOf([
        "run",
        "--allow-all",
        import.meta.url,
        "measure",
        String(batch),
        String(window),
      ]);
      rows.push({ group, name: `batch size ${batch}, window ${window}`, value, unit: "MB" });
    }
  }
  return rows;
}

async function measure(batchSize: number, windowSize: number): Promise<void> {
  using env = Environment.open();
  const size = { height: 128, width: 128 }; // the VAE's factor is 2
  await using pipeline = await StableDiffusionPipeline.open(
    env,
    "tests/fixtures/layouts/optimum_steps",
    size,
  );
  const schedule = pipeline.createSchedule({ numInferenceSteps: STEPS, eta: 0 });
  const prompt = await pipeline.encodePrompt("a cute cat");
  const denoiser = pipeline.createDenoiser({ prompt, negativePrompt: prompt }, {
    schedule,
    guidanceScale: 4,
    batchSize,
  });
  const noise = new TorchGenerator(0).randn((STEPS + 1) * denoiser.rowSize);
  const rounds = parallelSample(denoiser, { schedule, noise, windowSize, maxRounds: 3 });
  while (!(await rounds.next()).done);
  printPeak();
}

const METHODS = ["tqn", "parataa"] as const;

/**
 * Runs the benchmark. `--seeds N` sets the seeds of the images (half as many for the warm starts),
 * `--method M` and `--part images|warm|memory` select a part.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "20" },
      method: { type: "string" },
      part: { type: "string" },
    },
  });
  const seeds = Number(values.seeds);
  const wanted = (part: string) => (values.part ?? part) === part;
  const methods = METHODS.filter((method) => (values.method ?? method) === method);
  using env = Environment.open();
  // Two threads that wait for each other would spin and slow other processes.
  await using pipeline = await StableDiffusionPipeline.open(env, MODEL, {
    session: { intraOpNumThreads: 1 },
  });
  const lab = new Lab(pipeline);
  for (const method of methods) {
    if (wanted("images")) printTable([await benchParity(lab, seeds, method)]);
    if (wanted("warm")) printTable(await benchWarmStart(lab, Math.ceil(seeds / 2), method));
  }
  if (wanted("memory")) printTable(await benchMemory());
}

if (import.meta.main) {
  if (Deno.args[0] === "measure") await measure(Number(Deno.args[1]), Number(Deno.args[2]));
  else await main();
}
