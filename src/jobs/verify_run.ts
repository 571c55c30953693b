/** Samples the chains of a finished run again, one step after another, and compares. @module */
import { join } from "node:path";
import { FormatError, MismatchError } from "../errors.ts";
import { fileFault } from "../formats/file_fault.ts";
import type { Image } from "../images/image.ts";
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import { type LatentDifference, latentDifference } from "../runs/latent_difference.ts";
import type { Manifest, SampleRecord } from "../runs/manifest.ts";
import { modelChanges } from "../runs/model_changes.ts";
import { psnr, ssim } from "../images/image_metrics.ts";
import { readImage } from "../images/read_image.ts";
import { readTrajectory, type TrajectoryFile } from "../runs/trajectory_file.ts";
import { chooseExecution } from "./devices.ts";
import type { FlagTable } from "../arguments/flag.ts";
import type { WarmStart } from "./job.ts";
import { openEnvironment, openPipeline } from "./open_pipeline.ts";
import { createProgress } from "../cli/progress.ts";
import { readArguments } from "../arguments/read_arguments.ts";
import { newManifest } from "./run_manifest.ts";
import { trajectoryIdentity } from "./run_sample.ts";
import type { RecordedStart, SamplingScript, SamplingTable, Setting } from "./sampling_script.ts";
import { type SamplingValues, solve } from "./solve.ts";

/** What one way of sampling took. */
export interface Cost {
  rounds: number;
  nfe: number;
  seconds: number;
}

/** One sample of the run beside the sequential one. */
export interface VerifiedSample {
  index: number;
  condition: SampleRecord["condition"];
  converged: boolean;
  /** x_0 of the run against the sequential x_0. */
  latent: LatentDifference;
  /** Final images; PSNR in dB, `Infinity` for equal images. */
  image: { psnr: number; ssim: number };
  /** As the run recorded it. */
  run: Cost;
  /** As it was just now. */
  sequential: Cost;
}

/** Where a run lies, and flags that shall differ from the recorded ones: another place of the model, threads. */
export interface VerifyOptions {
  path: string;
  manifest: Manifest;
  overrides: readonly string[];
  signal: AbortSignal;
  /** Is told what of the recorded arguments this machine cannot take as it is. */
  note: (line: string) => void;
  /** Called with the run's model before its samples. */
  onOpen?: (pipeline: Pick<LatentPipeline<never>, "batchWide">) => void;
}

/**
 * The samples of a run one by one, from their saved noise and, where they started warm, their saved start.
 *
 * @throws {MismatchError} when the model is not the one that made the run
 */
export async function* verifyRun<
  T extends FlagTable & SamplingTable,
  P extends LatentPipeline<never>,
>(
  script: SamplingScript<T, P>,
  { path, manifest, overrides, signal, note, onOpen }: VerifyOptions,
): AsyncGenerator<VerifiedSample> {
  const recorded = join(path, "manifest.json");
  const args = await readArguments(script.flags, ["--args_from", recorded, ...overrides], {
    script: script.summary.name,
    exclusive: script.exclusive,
  });
  for (const line of args.notes) note(line);
  const values = args.values as SamplingValues;
  using env = openEnvironment(values);
  const execution = chooseExecution(env, values);
  await using pipeline = await openPipeline(script, env, args.values, execution);
  const { timesteps: numInferenceSteps, eta } = values;
  const setting = {
    ...args,
    pipeline,
    schedule: pipeline.createSchedule({ numInferenceSteps, eta }),
    manifest: await newManifest(script.summary.name, execution, env, pipeline, signal),
    progress: createProgress({ quiet: true, json: false }),
    signal,
  };
  checkModel(recorded, manifest, setting.manifest);
  onOpen?.(pipeline);
  const count = manifest.samples.length;
  for (const record of manifest.samples) {
    const start = script.recordedStart?.(args.values, { index: record.index, count });
    yield await verifySample(script, record, { path, setting, start });
  }
}

/** Networks that this run has not opened, an encoder, are not compared. */
function checkModel(file: string, recorded: Manifest, here: Manifest): void {
  const opened = (name: string) => name in here.model.files || !(name in recorded.model.files);
  const change = modelChanges(recorded.model, here.model).find(({ name }) => opened(name));
  if (change === undefined) return;
  throw new MismatchError(
    `${here.model.path}: ${change.name} has SHA-256 ${change.here}, ` +
      `${file} lists ${change.recorded}`,
    { hint: "--model_path names the folder of the run's model" },
  );
}

interface SampleSetting<T extends FlagTable & SamplingTable, P> {
  path: string;
  setting: Setting<T, P>;
  start: RecordedStart | undefined;
}

async function verifySample<T extends FlagTable & SamplingTable, P extends LatentPipeline<never>>(
  script: SamplingScript<T, P>,
  { index, condition, rounds, nfe, converged, seconds }: SampleRecord,
  { path, setting, start }: SampleSetting<T, P>,
): Promise<VerifiedSample> {
  const { pipeline, schedule, signal } = setting;
  const values = { ...setting.values as SamplingValues, method: "sequential" as const };
  const saved = await readSample(path, index, setting);
  const job = {
    index,
    label: "",
    condition,
    denoiser: await script.denoiser(condition, setting),
    noise: saved.noise,
    start: start && await readStart(path, start, setting),
  };
  const started = performance.now();
  const { result } = await solve(job, { schedule, values, signal, onRound() {} });
  const sequential = { rounds: result.rounds, nfe: result.nfe, seconds: elapsed(started) };
  const image = await pipeline.decode(result.sample, signal);
  const own = await readFinalImage(path, index, rounds);
  checkSize(path, own, image);
  return {
    ...{ index, condition, converged },
    latent: latentDifference(saved.trajectory.subarray(0, result.sample.length), result.sample),
    image: { psnr: psnr(own, image), ssim: ssim(own, image) },
    run: { rounds, nfe, seconds: seconds.sampling },
    sequential,
  };
}

function elapsed(started: number): number {
  return (performance.now() - started) / 1000;
}

async function readSample<T extends FlagTable & SamplingTable, P extends LatentPipeline<never>>(
  path: string,
  index: number,
  { pipeline, schedule, manifest, values }: Setting<T, P>,
): Promise<TrajectoryFile> {
  const file = join(path, `sample_${index}`, "trajectory.safetensors");
  return readTrajectory(await readOutput(file), {
    file,
    shape: [schedule.numSteps + 1, ...pipeline.latentShape],
    metadata: trajectoryIdentity({
      pipeline,
      schedule,
      manifest,
      values: values as SamplingValues,
    }),
  });
}

async function readStart<T extends FlagTable & SamplingTable, P extends LatentPipeline<never>>(
  path: string,
  { from, variationSteps }: RecordedStart,
  setting: Setting<T, P>,
): Promise<WarmStart> {
  const { trajectory } = await readSample(path, from, setting);
  return { trajectory, variationSteps };
}

async function readFinalImage(path: string, index: number, rounds: number): Promise<Image> {
  const file = join(path, `sample_${index}`, `step_${rounds}.png`);
  return await readImage(await readOutput(file), { file });
}

/** A file that a complete run has; its hash was right if the manifest lists it. */
async function readOutput(file: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new FormatError(`${file} cannot be read: ${fileFault(cause)}`, { cause });
  }
}

function checkSize(path: string, own: Image, sequential: Image): void {
  if (own.width === sequential.width && own.height === sequential.height) return;
  throw new MismatchError(
    `${path}: images are ${own.width}x${own.height}, the model makes ` +
      `${sequential.width}x${sequential.height}`,
  );
}
