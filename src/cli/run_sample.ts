/** One sample of a run: solve, decode every round, write its folder. @module */
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import type { Picture } from "../models/vae.ts";
import { digestBytes } from "../runs/hash.ts";
import type { Manifest } from "../runs/manifest.ts";
import type { RunDirectory } from "../runs/run_directory.ts";
import { writeSample } from "../runs/sample_files.ts";
import type { SampleResult } from "../sampling/results.ts";
import type { Schedule } from "../sampling/schedule.ts";
import type { Job, Outcome } from "./job.ts";
import { pictureText } from "./picture_text.ts";
import type { Progress } from "./progress.ts";
import type { RecordedArguments } from "./read_arguments.ts";
import { type SamplingValues, solve, type SolvedRound } from "./solve.ts";

/** What every sample of a run is made with. */
export interface SampleContext {
  run: RunDirectory;
  pipeline: LatentPipeline<never>;
  schedule: Schedule;
  /** Samples of the whole run. */
  count: number;
  manifest: Manifest;
  /** Arguments that change the result. */
  resultArguments: RecordedArguments;
  values: SamplingValues;
  progress: Progress;
  signal: AbortSignal;
}

/** Makes one sample and writes its folder. @throws {NumericalError} when NaN or infinity turns up; no picture is made of it */
export async function runSample(job: Job, context: SampleContext): Promise<Outcome> {
  const { schedule, values, progress, signal } = context;
  const steps = job.start?.variationSteps ?? schedule.numSteps;
  const place = { sample: job.index, samples: context.count, timesteps: steps };
  const solving = stopwatch();
  const onRound = (round: SolvedRound) => progress.round({ ...place, ...round });
  const { result, latents, finishedIndex, residual } = await solve(job, {
    schedule,
    values,
    signal,
    onRound,
  });
  const sampling = solving();
  const decode = stopwatch();
  const pictures = new Map<number, Picture>();
  for (const [step, latent] of latents) {
    pictures.set(step, await context.pipeline.decode(latent, signal));
  }
  const decoding = decode();
  await writeFiles(job, context, result, pictures);
  const { rounds, nfe, converged } = result;
  progress.sample({ ...place, label: job.label, rounds, nfe, seconds: sampling });
  const network = job.denoiser.networkMilliseconds / 1000;
  const seconds = { sampling, network, decoding };
  const { index, condition, seed } = job;
  const record = {
    index,
    condition,
    seed,
    steps,
    rounds,
    nfe,
    converged,
    finishedIndex,
    residual,
    seconds,
  };
  return { result, record, picture: [...pictures.values()].at(-1)! };
}

/** Seconds since the call. */
function stopwatch(): () => number {
  const started = performance.now();
  return () => (performance.now() - started) / 1000;
}

async function writeFiles(
  job: Job,
  { run, pipeline, schedule, manifest, values, resultArguments, signal }: SampleContext,
  result: SampleResult,
  pictures: ReadonlyMap<number, Picture>,
): Promise<void> {
  const { width, height } = pictures.get(0)!;
  const identity = trajectoryIdentity({ pipeline, schedule, manifest, values });
  const text = (step: number) =>
    pictureText({
      script: manifest.script,
      prompt: job.label,
      negativePrompt: job.negativePrompt,
      arguments: resultArguments,
      model: manifest.model.name,
      modelSha256: identity.model_sha256,
      seed: job.seed,
      size: { width, height },
      sample: job.index,
      step,
    });
  await writeSample(run, {
    signal,
    folder: `sample_${job.index}`,
    pictures,
    trajectory: result.trajectory,
    noise: job.noise,
    shape: [schedule.numSteps + 1, ...pipeline.latentShape],
    metadata: trajectoryMetadata(job, { pipeline, schedule, manifest, values }, result),
    pictureText: values.disable_image_metadata ? undefined : text,
  });
}

/** What says which chain a trajectory belongs to. */
type Identifying = Pick<SampleContext, "schedule" | "manifest" | "values"> & {
  pipeline: Pick<LatentPipeline<never>, "denoiserPart">;
};

/** One hash for the network that predicts the noise and all its external data. */
function denoiserDigest(files: Manifest["model"]["files"], part: string): string {
  const own = Object.entries(files).filter(([name]) => name.startsWith(`${part}/`));
  return digestBytes(new TextEncoder().encode(own.map(([, { sha256 }]) => sha256).join())).sha256;
}

/** What must be the same in a run that starts from a trajectory. */
export function trajectoryIdentity(
  { pipeline, schedule, manifest, values }: Identifying,
): { timesteps: string; eta: string; model_sha256: string; levels_sha256: string } {
  return {
    timesteps: JSON.stringify([...schedule.timesteps]),
    eta: String(values.eta),
    model_sha256: denoiserDigest(manifest.model.files, pipeline.denoiserPart),
    levels_sha256: digestBytes(new Uint8Array(schedule.alphasCumprod.buffer)).sha256,
  };
}

function trajectoryMetadata(
  job: Job,
  context: Identifying,
  result: SampleResult,
): Map<string, string> {
  const { manifest, values } = context;
  const fields = {
    ...job.condition,
    ...trajectoryIdentity(context),
    script: manifest.script,
    model: manifest.model.name,
    method: values.method,
    rounds: result.rounds,
    nfe: result.nfe,
    converged: result.converged,
    cfg_scale: values.cfg_scale,
    seed: job.seed ?? "",
    noise_stream: values.noise_stream,
  };
  return new Map(Object.entries(fields).map(([key, value]) => [key, String(value)]));
}
