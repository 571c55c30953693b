/** One sample of a run: solve, decode every round, write its folder. @module */
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import { retryNonFinite } from "../models/finite_noise.ts";
import type { Picture } from "../models/vae.ts";
import type { Manifest, SampleRecord } from "../runs/manifest.ts";
import type { RunDirectory } from "../runs/run_directory.ts";
import { writeSample } from "../runs/sample_files.ts";
import type { Denoiser } from "../sampling/denoiser.ts";
import { parallelSample } from "../sampling/parallel_sampler.ts";
import type { SampleResult } from "../sampling/results.ts";
import type { Schedule } from "../sampling/schedule.ts";
import { sequentialSample } from "../sampling/sequential_sampler.ts";
import { pictureText } from "./picture_text.ts";
import type { Progress } from "./progress.ts";
import type { RecordedArguments } from "./read_arguments.ts";
import type { Job, SamplingValues } from "./sampling_script.ts";

/** What a sample is made with. */
export interface SampleContext {
  run: RunDirectory;
  pipeline: LatentPipeline<never>;
  schedule: Schedule;
  job: Job;
  /** Samples of the whole run. */
  count: number;
  manifest: Manifest;
  /** Arguments that change the result. */
  resultArguments: RecordedArguments;
  values: SamplingValues;
  progress: Progress;
  signal: AbortSignal;
}

/** x_0 after every round, and what the rounds were like. */
interface Solved {
  result: SampleResult;
  /** x_0 by its step number: 0 the start, k after round k. */
  latents: Map<number, Float64Array>;
  finishedIndex: number[];
  residual: number[];
}

/** Makes one sample and writes its folder. @throws {NumericalError} when NaN or infinity turns up; no picture is made of it */
export async function runSample(context: SampleContext): Promise<SampleRecord> {
  const { job, values, schedule, progress, count } = context;
  const started = performance.now();
  const solved =
    await (values.method === "sequential" ? solveSequentially(context) : solveInParallel(context));
  const sampling = (performance.now() - started) / 1000;
  const decodeStarted = performance.now();
  const pictures = new Map<number, Picture>();
  for (const [step, latent] of solved.latents) {
    pictures.set(step, await context.pipeline.decode(latent, context.signal));
  }
  const decoding = (performance.now() - decodeStarted) / 1000;
  await writeFiles(context, solved.result, pictures);
  const { rounds, nfe, converged } = solved.result;
  progress.sample({
    sample: job.index,
    samples: count,
    label: job.label,
    rounds,
    nfe,
    timesteps: schedule.numSteps,
    seconds: sampling,
  });
  return {
    index: job.index,
    condition: job.condition,
    seed: job.seed,
    rounds,
    nfe,
    converged,
    finishedIndex: solved.finishedIndex,
    residual: solved.residual,
    seconds: { sampling, network: job.denoiser.networkMilliseconds / 1000, decoding },
  };
}

async function solveInParallel(
  { job, schedule, values, progress, count, signal }: SampleContext,
): Promise<Solved> {
  const latents = new Map<number, Float64Array>([[0, new Float64Array(job.denoiser.rowSize)]]);
  const finishedIndex: number[] = [], residual: number[] = [];
  const rounds = parallelSample(retryNonFinite(job.denoiser), {
    schedule,
    noise: job.noise,
    method: values.method === "fixed_point" ? "fixed_point" : "parataa",
    windowSize: values.window_size,
    order: values.order,
    memorySize: values.method === "fixed_point" ? undefined : values.memory_size,
    atol: values.tol1,
    rtol: values.tol2,
    maxRounds: values.max_steps === undefined ? undefined : values.max_steps - 1,
    compat: values.compat,
    signal,
  });
  for (;;) {
    const { done, value } = await rounds.next();
    if (done) return { result: value, latents, finishedIndex, residual };
    latents.set(value.round, value.sample);
    finishedIndex.push(value.finishedIndex);
    residual.push(value.residuals.reduce((a, b) => Math.max(a, b), 0));
    progress.round({
      sample: job.index,
      samples: count,
      round: value.round,
      finishedIndex: value.finishedIndex,
      timesteps: schedule.numSteps,
      evaluations: value.evaluations,
      residual: residual.at(-1)!,
    });
  }
}

async function solveSequentially(
  { job, schedule, progress, count, signal }: SampleContext,
): Promise<Solved> {
  const inner = retryNonFinite(job.denoiser);
  const denoiser: Denoiser = {
    rowSize: inner.rowSize,
    async predictNoise(latents, steps, out, signal) {
      await inner.predictNoise(latents, steps, out, signal);
      progress.round({
        sample: job.index,
        samples: count,
        round: schedule.numSteps - steps[0],
        finishedIndex: steps[0],
        timesteps: schedule.numSteps,
        evaluations: 1,
        residual: 0,
      });
    },
  };
  const result = await sequentialSample(denoiser, { schedule, noise: job.noise, signal });
  const start = new Float64Array(inner.rowSize);
  const latents = new Map([[0, start], [schedule.numSteps, result.sample]]);
  return { result, latents, finishedIndex: [], residual: [] };
}

async function writeFiles(
  context: SampleContext,
  result: SampleResult,
  pictures: ReadonlyMap<number, Picture>,
): Promise<void> {
  const { run, pipeline, schedule, job, manifest, values, resultArguments } = context;
  const size = pictures.values().next().value!;
  const text = (step: number) =>
    pictureText({
      script: manifest.script,
      prompt: job.label,
      arguments: resultArguments,
      model: manifest.model.name,
      size: { width: size.width, height: size.height },
      sample: job.index,
      step,
    });
  await writeSample(run, {
    folder: `sample_${job.index}`,
    pictures,
    trajectory: result.trajectory,
    noise: job.noise,
    shape: [schedule.numSteps + 1, ...pipeline.latentShape],
    metadata: new Map(
      Object.entries({
        ...job.condition,
        script: manifest.script,
        model: manifest.model.name,
        model_sha256: Object.values(manifest.model.files)[0].sha256,
        method: values.method,
        rounds: String(result.rounds),
        nfe: String(result.nfe),
        converged: String(result.converged),
        timesteps: JSON.stringify([...schedule.timesteps]),
        eta: String(values.eta),
        cfg_scale: String(values.cfg_scale),
        seed: job.seed === undefined ? "" : String(job.seed),
        noise_stream: values.noise_stream,
      }).map(([key, value]) => [key, String(value)]),
    ),
    pictureText: values.disable_image_metadata ? undefined : text,
  });
}
