/** One sample of a run: solved, then every round decoded and its folder written. @module */
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import type { Image } from "../images/image.ts";
import { digestBytes } from "../storage/hash.ts";
import { conditionName, type Manifest, type SampleRecord } from "../runs/manifest.ts";
import type { RoundLog } from "../runs/round_log.ts";
import type { RoundRow } from "../runs/rounds_file.ts";
import type { RunDirectory } from "../runs/run_directory.ts";
import { type ImageText, writeImage, writeSample } from "../runs/sample_files.ts";
import type { SampleResult } from "../sampling/results.ts";
import type { Schedule } from "../sampling/schedule.ts";
import type { Job, Outcome } from "./job.ts";
import { imageText } from "./image_text.ts";
import { plural, type Progress } from "../cli/progress.ts";
import { noteIfSlower } from "./slower_note.ts";
import { readOutcome } from "./read_outcome.ts";
import type { RecordedArguments } from "../arguments/read_arguments.ts";
import { type SamplingValues, solve, type Solved } from "./solve.ts";

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
  /** Samples that an earlier start of the run has finished, by index. */
  finished: ReadonlyMap<number, SampleRecord>;
}

/** A sample under way. */
export interface BegunSample {
  /** Settles when its chain is solved, or will not be. */
  over: Promise<unknown>;
  /** Makes its images and writes its folder. @throws what ended its solving */
  finish(): Promise<Outcome>;
}

/** Begins to solve a sample; one that an earlier start of the run has made is only read, when it is finished. */
export function beginSample(job: Job, context: SampleContext): BegunSample {
  const record = context.finished.get(job.index);
  if (record) {
    return { over: Promise.resolve(), finish: () => readOutcome(job, record, context) };
  }
  const solving = solveSample(job, context);
  const finish = async () => {
    const solved = await solving;
    const outcome = await finishSample(job, solved, context);
    await context.run.endSample(folderOf(job), outcome.record);
    await noteIfSlower(job, { ...solved, timesteps: outcome.record.steps }, context);
    return outcome;
  };
  return { over: solving.catch(() => {}), finish };
}

/** A chain that is solved, before its images are made. */
interface SolvedSample extends Solved {
  previews: ReturnType<typeof previewer>;
  /** Of sampling, previews aside. */
  seconds: number;
  /** Whether some of its answers came from a log. */
  replayed: boolean;
}

/** Solves one sample's chain. @throws {NumericalError} when NaN or infinity turns up; no image is made of it */
async function solveSample(job: Job, context: SampleContext): Promise<SolvedSample> {
  const { schedule, values, progress, signal } = context;
  await using log = await openRoundLog(job, context);
  const solving = stopwatch();
  const previews = previewer(job, context);
  const solved = await solve(job, {
    schedule,
    values,
    signal,
    record: log && ((denoiser) => log.around(denoiser)),
    onRound: (round) => progress.round({ ...placeOf(job, context), ...round }),
    onEstimate: previews.show,
  });
  await log?.flush();
  if (log?.replayed) {
    progress.note(`sample ${job.index + 1}: ${plural(log.replayed, "call")} taken from its log`);
  }
  const seconds = solving() - previews.seconds();
  return { ...solved, previews, seconds, replayed: (log?.replayed ?? 0) > 0 };
}

/** Makes a solved sample's images and writes its folder. */
async function finishSample(
  job: Job,
  { result, latents, finishedIndex, residual, rounds: table, previews, seconds }: SolvedSample,
  context: SampleContext,
): Promise<Outcome> {
  const { progress, signal } = context;
  const place = placeOf(job, context);
  const decode = stopwatch();
  const images = new Map<number, Image>();
  for (const [step, latent] of latents) {
    const shown = previews.images.get(step);
    images.set(step, shown ?? await context.pipeline.decode(latent, signal));
  }
  const decoding = decode();
  const written = new Set(previews.images.keys());
  await writeFiles(job, context, { result, images, rounds: table, written });
  const { rounds, nfe, converged } = result;
  progress.sample({ ...place, label: job.label, rounds, nfe, seconds });
  const { index, condition, seed, denoiser: { networkMilliseconds } } = job;
  const record = {
    index,
    condition,
    seed,
    steps: place.timesteps,
    rounds,
    nfe,
    converged,
    finishedIndex,
    residual,
    seconds: { sampling: seconds, network: networkMilliseconds / 1000, decoding },
  };
  return { result, record, image: [...images.values()].at(-1)! };
}

/** Where a sample stands in the run. */
function placeOf(job: Job, { schedule, count }: SampleContext) {
  const timesteps = job.start?.variationSteps ?? schedule.numSteps;
  return { sample: job.index, samples: count, timesteps };
}

/** The log that a killed sample goes on from; it takes answers of this very sample alone. */
async function openRoundLog(job: Job, context: SampleContext): Promise<RoundLog | undefined> {
  const { run, values, resultArguments } = context;
  if (values.no_checkpoint) return undefined;
  const identity = {
    arguments: resultArguments,
    ...trajectoryIdentity(context),
    condition: job.condition,
    noise: digestOf(job.noise),
    start: job.start && [job.start.variationSteps, digestOf(job.start.trajectory)],
  };
  return await run.openRoundLog(folderOf(job), JSON.stringify(identity));
}

function digestOf(data: Float64Array): string {
  return digestBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).sha256;
}

/** Folder of a sample inside the run. */
function folderOf(job: Job): string {
  return `sample_${job.index}`;
}

/** Seconds since the call. */
function stopwatch(): () => number {
  const started = performance.now();
  return () => (performance.now() - started) / 1000;
}

async function writeFiles(
  job: Job,
  context: SampleContext,
  { result, images, rounds, written }: {
    result: SampleResult;
    images: ReadonlyMap<number, Image>;
    rounds: readonly RoundRow[];
    written: ReadonlySet<number>;
  },
): Promise<void> {
  const { run, pipeline, schedule, signal } = context;
  await writeSample(run, {
    ...destination(job, context),
    ...{ title: conditionName(job), signal, images, rounds, written },
    trajectory: result.trajectory,
    noise: job.noise,
    shape: [schedule.numSteps + 1, ...pipeline.latentShape],
    metadata: trajectoryMetadata(job, context, result),
  });
}

/** Folder of a sample and the text of its images. */
function destination(
  job: Job,
  context: SampleContext,
): { folder: string; imageText: ImageText | undefined } {
  const { manifest, values, resultArguments } = context;
  const identity = trajectoryIdentity(context);
  const text: ImageText = (step, { width, height }) =>
    imageText({
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
  return {
    folder: folderOf(job),
    imageText: values.disable_image_metadata ? undefined : text,
  };
}

/** Writes the images that `--preview_every` asks for while the run goes on: the ones that would be written in the end. */
function previewer(job: Job, context: SampleContext) {
  const { run, pipeline, values: { preview_every: every }, signal } = context;
  const images = new Map<number, Image>();
  let seconds = 0;
  const show = async (round: number, sample: Float64Array) => {
    if (every === undefined || round % every !== 0) return;
    const showing = stopwatch();
    const image = await pipeline.decode(sample, signal);
    await writeImage(run, destination(job, context), { step: round, image });
    images.set(round, image);
    seconds += showing();
  };
  return { images, show, seconds: () => seconds };
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
