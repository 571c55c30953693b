/**
 * Samples a run from validated settings: opens the run folder, runs the samples, writes the
 * manifest.
 * @module
 */
import { argumentsText, recordArguments, type RecordedArguments } from "../arguments/record.ts";
import { settingNotes } from "../arguments/setting_notes.ts";
import type { ValidatedSettings } from "../arguments/resolve_settings.ts";
import { TASKS } from "../arguments/tasks.ts";
import type { Image } from "../images/image.ts";
import { describeFailure } from "../runs/failure.ts";
import { conditionName, type Manifest } from "../runs/manifest.ts";
import { writeSheet } from "../runs/sample_files.ts";
import type { LockedRun } from "../runs/unfinished_run.ts";
import { oneLine } from "../text.ts";
import type { OpenModel } from "./execution/open_model.ts";
import { createRun, type OpenRun, reopenRun } from "./open_run.ts";
import { resolveWindow } from "./planning/resolve_window.ts";
import type { Watch } from "./progress.ts";
import { hashNetworks, newManifest } from "./run_manifest.ts";
import { type RunResult, runResult } from "./run_result.ts";
import type { Jobs } from "./samples/job.ts";
import { runConcurrently } from "./samples/run_concurrently.ts";
import type { SampleContext } from "./samples/sample_context.ts";
import { checkServedNames } from "./samples/served_names.ts";
import { trajectoryIdentity } from "./samples/trajectory_identity.ts";
import { createTaskContext } from "./tasks/task.ts";
import { taskOn } from "./tasks/task_on.ts";
import { digestInputs } from "./unchanged.ts";

/** Maximum number of images on the run's sheet. */
const MAX_ON_SHEET = 256;

/** A run to resume, and given settings that do not affect the result. */
export interface Resumed {
  locked: LockedRun;
  overrides: RecordedArguments;
}

/**
 * Samples a run on an open model.
 *
 * @param resumed the run to resume; a new folder by default
 * @throws {ParataaError} when sampling fails; the signal's reason when the run is cancelled
 */
export async function sampleOn(
  model: OpenModel,
  { settings: asked, given, drawnSeed }: ValidatedSettings,
  { watch, resumed }: { watch: Watch; resumed?: Resumed },
): Promise<RunResult> {
  const { signal } = watch, { pipeline } = model;
  signal.throwIfAborted();
  const { task: name, eta } = asked;
  const schedule = pipeline.createSchedule(asked);
  const manifest = await newManifest(TASKS[name].script, model, signal);
  const { files } = manifest.model;
  const { denoiserPart, served } = pipeline;
  const identity = trajectoryIdentity({ schedule, files, denoiserPart, served, eta });
  checkServedNames({ files, denoiserPart, served }, identity.model_sha256);
  const task = taskOn(pipeline, asked);
  const measured = { pipeline, task, taskContext: createTaskContext(asked, schedule, watch) };
  const settings = { ...asked, ...await resolveWindow(asked, given, measured) };
  const taskContext = createTaskContext(settings, schedule, watch);
  const { count, jobs, recorded } = await task.samples(taskContext, identity);
  // The jobs may have opened another network.
  await hashNetworks(files, pipeline, signal);
  manifest.arguments = recordArguments(settings, "all", recorded);
  manifest.samplesWanted = count;
  const inputs = await digestInputs(name, manifest.arguments);
  if (Object.keys(inputs).length > 0) manifest.inputs = inputs;
  signal.throwIfAborted();
  await using opened = resumed
    ? await reopenRun(resumed.locked, manifest, resumed.overrides)
    : await createRun(manifest, { parent: settings.outputPath, prefix: TASKS[name].prefix });
  const resultArguments = recordArguments(settings, "result", recorded);
  const shared = { pipeline, schedule, settings, watch, signal };
  const context = { ...opened, ...shared, identity, count, resultArguments };
  await recordOutcome(opened, context, async () => {
    sendNotes(model, { watch, settings, drawnSeed });
    const { model_sha256: modelSha256 } = identity;
    watch.emit({ event: "start", task: name, path: opened.run.path, modelSha256 });
    await warmUp(context);
    const { run, manifest: { arguments: recorded, outputs } } = opened;
    if (!("args.txt" in outputs)) await run.write("args.txt", argumentsText(recorded));
    await runJobs(jobs, context);
  });
  return runResult(opened.run.path, opened.manifest);
}

/**
 * Runs `work` and records its outcome in the manifest.
 *
 * @throws the error of `work`
 */
async function recordOutcome(
  { run, manifest }: OpenRun,
  { pipeline, signal }: SampleContext,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
    manifest.devices = pipeline.devices;
    await run.finish("complete");
  } catch (error) {
    manifest.devices = pipeline.devices;
    const stopped = signal.aborted && error === signal.reason;
    const { code, message } = describeFailure(error);
    const ending: Manifest["error"] = {
      code: stopped ? "E_INTERRUPTED" : code,
      message: oneLine(message),
    };
    // Keep the original error if the disk is full too.
    await run.finish(stopped ? "interrupted" : "failed", ending).catch(() => {});
    throw error;
  }
}

/** Sends the notes that precede the first round. */
function sendNotes(
  { pipeline, execution: { notes, details } }: OpenModel,
  { watch, settings, drawnSeed }: Pick<ValidatedSettings, "settings" | "drawnSeed"> & {
    watch: Watch;
  },
): void {
  for (const line of notes) watch.note(line);
  for (const line of details) watch.emit({ event: "detail", line });
  for (const line of [...pipeline.notes, ...settingNotes(settings)]) watch.note(line);
  if (drawnSeed) watch.note(`seed ${settings.seed}`);
}

/** Runs every call size once, because the first call of a size is slow on some devices. */
async function warmUp({ pipeline, schedule, settings, watch }: SampleContext): Promise<void> {
  const { windowSize, guidanceScale, method } = settings;
  const steps = method === "sequential" ? 1 : Math.min(Number(windowSize), schedule.numSteps);
  const started = performance.now();
  const sizes = await pipeline.warmUp(steps * (guidanceScale === 1 ? 1 : 2));
  if (sizes.length === 0) return;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const names = pipeline.devices.map(({ name }) => name).join(", ");
  watch.note(`warmed up calls of ${sizes.join(", ")} rows on ${names} in ${seconds} s`);
}

/** Runs the jobs, `concurrentSamples` at once, and writes a sheet of the final images. */
async function runJobs(jobs: Jobs, context: SampleContext): Promise<void> {
  const images: Image[] = [], captions: string[] = [];
  const { concurrentSamples: atOnce = 1 } = context.settings;
  for await (const { image, record } of runConcurrently(jobs, context, atOnce)) {
    if (images.length === MAX_ON_SHEET) continue;
    images.push(image);
    captions.push(conditionName(record));
  }
  await writeSheet(context.run, "samples.png", { images, captions });
}
