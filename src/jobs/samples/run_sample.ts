/** Runs one sample: solves its chain, decodes every round and writes its folder. @module */
import { digestBytes } from "../../storage/hash.ts";
import type { Image } from "../../images/image.ts";
import { conditionName, type SampleRecord } from "../../runs/manifest.ts";
import type { RoundLog } from "../../runs/round_log.ts";
import { writeSample } from "../../runs/sample_files.ts";
import type { SampleResult } from "../../sampling/results.ts";
import { plural } from "../../text.ts";
import type { Job, Outcome } from "./job.ts";
import { Previewer } from "./previewer.ts";
import { readOutcome } from "./read_outcome.ts";
import { destination, folderOf, placeOf, type SampleContext, stopwatch } from "./sample_context.ts";
import { noteIfSlower } from "./slower_note.ts";
import { solve, type Solved } from "./solve.ts";

/** A sample that is being solved. */
export interface StartedSample {
  /** Settles when solving has ended, successfully or not. */
  over: Promise<unknown>;
  /**
   * Decodes the images and writes the folder.
   *
   * @throws the error that ended solving
   */
  finish(): Promise<Outcome>;
}

/** Starts to solve a sample; one that an earlier start finished is read by `finish()`. */
export function startSample(job: Job, context: SampleContext): StartedSample {
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

/** A solved chain, not yet decoded. */
interface SolvedSample extends Solved {
  previews: ReadonlyMap<number, Image>;
  /** Sampling time without previews. */
  seconds: number;
  /** Whether some network outputs came from a log. */
  replayed: boolean;
}

/**
 * Solves the chain of one sample.
 *
 * @throws {NumericalError} when the network returns NaN or infinity; no image is written
 */
async function solveSample(job: Job, context: SampleContext): Promise<SolvedSample> {
  const { schedule, settings, watch, signal } = context;
  await using log = await openRoundLog(job, context);
  const solving = stopwatch();
  const previews = new Previewer(job, context);
  const solved = await solve(job, {
    schedule,
    settings,
    signal,
    record: log && ((denoiser) => log.around(denoiser)),
    onRound: (round) => watch.emit({ event: "round", ...placeOf(job, context), ...round }),
    onEstimate: previews.show,
  });
  await log?.flush();
  if (log?.replayed) {
    watch.note(`sample ${job.index + 1}: ${plural(log.replayed, "call")} replayed from its log`);
  }
  const seconds = solving() - previews.seconds;
  return { ...solved, previews: previews.images, seconds, replayed: (log?.replayed ?? 0) > 0 };
}

/** Decodes the images of a solved sample and writes its folder. */
async function finishSample(
  job: Job,
  solved: SolvedSample,
  context: SampleContext,
): Promise<Outcome> {
  const { result, latents, finishedIndex, residual, previews, seconds } = solved;
  const place = placeOf(job, context);
  const decode = stopwatch();
  const images = new Map<number, Image>();
  for (const [step, latent] of latents) {
    const shown = previews.get(step) ?? await context.pipeline.decode(latent, context.signal);
    images.set(step, shown);
  }
  const decoding = decode();
  await writeFiles(job, { ...solved, images }, context);
  const { rounds, nfe, converged, trusted, doubt } = result;
  context.watch.emit({
    event: "sample",
    ...place,
    label: job.label,
    rounds,
    nfe,
    seconds,
    trusted,
  });
  if (doubt) {
    context.watch.note(`sample ${job.index + 1} is not trusted: ${doubt}; check it with verify`);
  }
  const { index, condition, seed, denoiser: { networkMilliseconds } } = job;
  const record: SampleRecord = {
    index,
    condition,
    seed,
    steps: place.timesteps,
    rounds,
    nfe,
    converged,
    trusted,
    ...(doubt ? { doubt } : {}),
    finishedIndex,
    residual,
    seconds: { sampling: seconds, network: networkMilliseconds / 1000, decoding },
  };
  return { result, record, image: [...images.values()].at(-1)! };
}

/**
 * Opens the round log from which a killed sample resumes; it replays records of this sample only.
 */
async function openRoundLog(job: Job, context: SampleContext): Promise<RoundLog | undefined> {
  const { run, settings, resultArguments } = context;
  if (settings.noCheckpoint) return undefined;
  const identity = {
    arguments: resultArguments,
    ...context.identity,
    condition: job.condition,
    noise: digestOf(job.noise),
    start: job.start && [job.start.variationSteps, digestOf(job.start.trajectory)],
  };
  return await run.openRoundLog(folderOf(job), JSON.stringify(identity));
}

function digestOf(data: Float64Array): string {
  return digestBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).sha256;
}

async function writeFiles(
  job: Job,
  { result, rounds, previews, images }: SolvedSample & { images: ReadonlyMap<number, Image> },
  context: SampleContext,
): Promise<void> {
  const { run, pipeline, schedule, signal } = context;
  await writeSample(run, {
    ...destination(job, context),
    ...{ title: conditionName(job), signal, images, rounds, written: new Set(previews.keys()) },
    trajectory: result.trajectory,
    noise: job.noise,
    shape: [schedule.numSteps + 1, ...pipeline.latentShape],
    metadata: trajectoryMetadata(job, context, result),
  });
}

function trajectoryMetadata(
  job: Job,
  { manifest, settings, identity }: SampleContext,
  result: SampleResult,
): Map<string, string> {
  const fields = {
    ...job.condition,
    ...identity,
    script: manifest.script,
    model: manifest.model.name,
    method: settings.method,
    rounds: result.rounds,
    nfe: result.nfe,
    converged: result.converged,
    cfg_scale: settings.guidanceScale,
    seed: job.seed ?? "",
    noise_stream: settings.noiseStream,
  };
  return new Map(Object.entries(fields).map(([key, value]) => [key, String(value)]));
}
