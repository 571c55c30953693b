/** Opens the folder of a sampling run: a new one, or one to resume. @module */
import type { Manifest, SampleRecord } from "../runs/manifest.ts";
import { RunDirectory } from "../runs/run_directory.ts";
import { type LockedRun, prepareResume } from "../runs/unfinished_run.ts";
import type { RecordedArguments } from "../arguments/record.ts";
import { checkUnchanged } from "./unchanged.ts";

/** A locked run folder and the samples that it already contains. */
export interface OpenRun extends AsyncDisposable {
  run: RunDirectory;
  manifest: Manifest;
  /** Samples finished before this start, by index. */
  finished: ReadonlyMap<number, SampleRecord>;
}

/**
 * Creates the folder of a new run in `parent`.
 *
 * @throws {StorageError} when the file system refuses
 */
export async function createRun(
  manifest: Manifest,
  { parent, prefix }: { parent: string; prefix: string },
): Promise<OpenRun> {
  const run = await RunDirectory.create(parent, prefix, new Date(manifest.started), manifest);
  return openRun(run, manifest, new Map());
}

/**
 * Resumes a locked run.
 *
 * @param locked the run; its manifest is updated and saved
 * @param here the manifest of a new run with the current setup
 * @param overrides arguments that differ from the recorded ones and do not change the result
 * @throws {MismatchError} when the current setup would change the result
 * @throws {FormatError} when a file of a finished sample is damaged
 */
export async function reopenRun(
  locked: LockedRun,
  here: Manifest,
  overrides: RecordedArguments,
): Promise<OpenRun> {
  const { path, manifest, lock } = locked;
  checkUnchanged(locked, here);
  const finished = await prepareResume(locked);
  manifest.resumed = [...manifest.resumed ?? [], { at: here.started, arguments: overrides }];
  return openRun(await RunDirectory.resume(path, manifest, lock), manifest, finished);
}

function openRun(
  run: RunDirectory,
  manifest: Manifest,
  finished: ReadonlyMap<number, SampleRecord>,
): OpenRun {
  return { run, manifest, finished, [Symbol.asyncDispose]: () => run[Symbol.asyncDispose]() };
}
