/** Verifies a finished run by sampling its chains sequentially. @module */
import { join } from "node:path";
import { mergeRecorded } from "../arguments/args_from.ts";
import { resolveSettings } from "../arguments/resolve_settings.ts";
import type { Overrides } from "../arguments/settings.ts";
import { TASKS } from "../arguments/tasks.ts";
import { MismatchError } from "../errors.ts";
import type { Image } from "../images/image.ts";
import { psnr, ssim } from "../images/image_metrics.ts";
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import { readFinishedRun } from "../runs/finished_run.ts";
import { latentDifference } from "../runs/latent_difference.ts";
import type { Manifest } from "../runs/manifest.ts";
import { modelChanges } from "../runs/model_changes.ts";
import { readOutput, RunSample } from "../runs/run_sample.ts";
import { readTrajectory, type TrajectoryFile } from "../runs/trajectory_file.ts";
import { openModel } from "./execution/open_model.ts";
import { Watch, type WatchOptions } from "./progress.ts";
import { recordedTask } from "./recorded_task.ts";
import { newManifest } from "./run_manifest.ts";
import type { WarmStart } from "./samples/job.ts";
import { stopwatch } from "./samples/sample_context.ts";
import { solve } from "./samples/solve.ts";
import { type TrajectoryIdentity, trajectoryIdentity } from "./samples/trajectory_identity.ts";
import {
  createTaskContext,
  type OpenTask,
  type RecordedStart,
  type TaskContext,
} from "./tasks/task.ts";
import { taskOn } from "./tasks/task_on.ts";
import { defaultTolerance, summarize, type VerificationSummary } from "./verification.ts";
import type { VerifiedSample } from "./verified_sample.ts";

/** A run compared with sequential sampling: largest differences, mean costs, every sample. */
export interface Verification {
  /** Folder of the run. */
  path: string;
  /** The whole run. */
  total: VerificationSummary;
  /** Every sample, in order. */
  samples: readonly VerifiedSample[];
  /** Operators of the network that mix the rows of a call; usually none. */
  batchWide: readonly string[];
}

/** Settings of a verification: tolerance, and overrides such as the model folder or the threads. */
export type VerifySettings = Overrides & {
  /**
   * Largest accepted RMS difference of the latents, relative to the RMS of the latent; 20 times the
   * run's `atol` by default.
   */
  tolerance?: number;
};

/**
 * Samples the chains of a run sequentially, from the saved noise and, for warm starts, the saved
 * start.
 *
 * @param path the run's folder
 * @returns the differences; `total.verified` is true if all are within the tolerance
 * @throws {FormatError} when the run is damaged or was never finished
 * @throws {MismatchError} when the model is not the recorded one
 *
 * @example
 * ```ts
 * import { sampleRun, verifyRun } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const outputPath = await Deno.makeTempDir();
 * const settings = { task: "dit", numSamples: 1, numInferenceSteps: 5, outputPath } as const;
 * const { path } = await sampleRun("models/dit-emoji", settings);
 * const { total } = await verifyRun(path);
 * assert.ok(total.verified);
 * await Deno.remove(outputPath, { recursive: true });
 * ```
 */
export async function verifyRun(
  path: string,
  { tolerance, ...overrides }: VerifySettings = {},
  options: WatchOptions = {},
): Promise<Verification> {
  const watch = new Watch(options);
  const manifest = await readFinishedRun(path);
  const task = recordedTask(path, manifest);
  const merged = mergeRecorded(manifest.arguments, { ...overrides, task });
  for (const line of merged.notes) watch.note(line);
  const { settings } = resolveSettings(merged.settings);
  await using model = await openModel(settings);
  const { pipeline } = model;
  const schedule = pipeline.createSchedule(settings);
  const here = await newManifest(TASKS[task].script, model, watch.signal);
  checkModel(join(path, "manifest.json"), manifest, here);
  const { denoiserPart, served } = pipeline, { files } = here.model;
  const chains: Chains = {
    ...{ path, pipeline },
    task: taskOn(pipeline, settings),
    taskContext: createTaskContext(settings, schedule, new Watch({ signal: watch.signal })),
    identity: trajectoryIdentity({ schedule, files, denoiserPart, served, eta: settings.eta }),
  };
  const samples: VerifiedSample[] = [];
  for (const record of manifest.samples) {
    const start = chains.task.recordedStart(record);
    const sample = await verifySample(new RunSample(path, record), { chains, settings, start });
    watch.emit({ event: "verified_sample", ...sample });
    samples.push(sample);
  }
  const total = summarize(samples, tolerance ?? defaultTolerance(manifest));
  return { path, total, samples, batchWide: pipeline.batchWide };
}

/** Inputs shared by the chains of a run. */
interface Chains {
  path: string;
  pipeline: LatentPipeline;
  task: OpenTask;
  taskContext: TaskContext;
  identity: TrajectoryIdentity;
}

/** Networks that verification does not open, such as an encoder, are not compared. */
function checkModel(file: string, recorded: Manifest, here: Manifest): void {
  const opened = (name: string) => name in here.model.files || !(name in recorded.model.files);
  const change = modelChanges(recorded.model, here.model).find(({ name }) => opened(name));
  if (change === undefined) return;
  throw new MismatchError(
    `${here.model.path}: ${change.name} has SHA-256 ${change.here}, ` +
      `${file} lists ${change.recorded}`,
    { hint: (name) => `set ${name("modelPath")} to the folder of the run's model` },
  );
}

interface SampleSetting {
  chains: Chains;
  settings: Parameters<typeof solve>[1]["settings"];
  start: RecordedStart | undefined;
}

async function verifySample(
  sample: RunSample,
  { chains, settings, start }: SampleSetting,
): Promise<VerifiedSample> {
  const { index, condition, rounds, nfe, converged, seconds } = sample.record;
  const { path, pipeline, task, taskContext: { schedule, signal } } = chains;
  const saved = await readChain(sample, chains);
  const job = {
    denoiser: await task.denoiser(condition, chains.taskContext),
    noise: saved.noise,
    start: start && await readStart(sample, start, chains),
  };
  const solving = stopwatch();
  const sequentially = { ...settings, method: "sequential" as const };
  const { result } = await solve(job, { schedule, settings: sequentially, signal, onRound() {} });
  const sequential = { rounds: result.rounds, nfe: result.nfe, seconds: solving() };
  const image = await pipeline.decode(result.sample, signal);
  const own = await sample.image();
  checkSize(path, own, image);
  return {
    ...{ index, condition, converged },
    latent: latentDifference(saved.trajectory.subarray(0, result.sample.length), result.sample),
    image: { psnr: psnr(own, image), ssim: ssim(own, image) },
    run: { rounds, nfe, seconds: seconds.sampling },
    sequential,
  };
}

async function readChain(
  { record: { index } }: Pick<RunSample, "record">,
  { path, pipeline, taskContext: { schedule }, identity }: Chains,
): Promise<TrajectoryFile> {
  const file = join(path, `sample_${index}`, "trajectory.safetensors");
  return readTrajectory(await readOutput(file), {
    file,
    shape: [schedule.numSteps + 1, ...pipeline.latentShape],
    metadata: identity,
  });
}

async function readStart(
  { record }: RunSample,
  { from, variationSteps }: RecordedStart,
  chains: Chains,
): Promise<WarmStart> {
  const { trajectory } = await readChain({ record: { ...record, index: from } }, chains);
  return { trajectory, variationSteps };
}

function checkSize(path: string, own: Image, sequential: Image): void {
  if (own.width === sequential.width && own.height === sequential.height) return;
  throw new MismatchError(
    `${path}: images are ${own.width}x${own.height}, those of the model ` +
      `${sequential.width}x${sequential.height}`,
  );
}
