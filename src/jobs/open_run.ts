/** The folder that a sampling run writes: a new one, or one that goes on. @module */
import type { Manifest, SampleRecord } from "../runs/manifest.ts";
import { RunDirectory } from "../runs/run_directory.ts";
import { type HeldRun, tidyRun } from "../runs/unfinished_run.ts";
import type { RecordedArguments } from "../arguments/record.ts";
import { checkUnchanged } from "./unchanged.ts";

/** A run's folder, locked, and what it holds already. */
export interface OpenRun extends AsyncDisposable {
  run: RunDirectory;
  manifest: Manifest;
  /** Samples that an earlier start of the run has finished, by index. */
  finished: ReadonlyMap<number, SampleRecord>;
}

/** Makes the folder of a new run in `parent`. @throws {StorageError} when the file system refuses */
export async function createRun(
  manifest: Manifest,
  { parent, prefix }: { parent: string; prefix: string },
): Promise<OpenRun> {
  const run = await RunDirectory.create(parent, prefix, new Date(manifest.started), manifest);
  return openRun(run, manifest, new Map());
}

/**
 * Goes on with a held run.
 *
 * @param held the run; its manifest is the one that is written again
 * @param here the manifest that a new run would start with
 * @param overrides arguments that differ from the recorded ones and do not change the result
 * @throws {MismatchError} when the run would not end as it would have ended
 * @throws {FormatError} when a file of a finished sample is damaged
 */
export async function reopenRun(
  held: HeldRun,
  here: Manifest,
  overrides: RecordedArguments,
): Promise<OpenRun> {
  const { path, manifest, lock } = held;
  checkUnchanged(held, here);
  const finished = await tidyRun(held);
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
