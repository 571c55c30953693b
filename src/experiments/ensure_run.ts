/** Executes one run of an experiment under a lock of its own. @module */
import { FormatError, MismatchError, ParataaError } from "../errors.ts";
import { asFlag } from "../arguments/setting_names.ts";
import { TASKS } from "../arguments/tasks.ts";
import type { Watch, WatchOptions } from "../jobs/progress.ts";
import { resumeRun } from "../jobs/resume_run.ts";
import { sampleRun } from "../jobs/sample_run.ts";
import { RunLock } from "../runs/run_lock.ts";
import { ensureFolder } from "../storage/whole_file.ts";
import type { Cell } from "./cells.ts";
import type { FoundRun, RunFinder } from "./find_run.ts";

/** A finished run, and whether this process made it. */
export interface CompletedRun extends FoundRun {
  made: boolean;
}

/**
 * Executes the run of a cell, unless it is finished. A stopped or killed run is resumed. Other
 * processes may make other runs of the same experiment in the same folder, on other machines too.
 *
 * @throws {BusyError} naming the process that makes this run
 * @throws {NumericalError} when the run ends in NaN
 */
export async function ensureRun(
  cell: Cell,
  finder: RunFinder,
  watch: Watch,
): Promise<CompletedRun> {
  const folder = finder.folder(cell);
  await ensureFolder(folder);
  await using _lock = await RunLock.acquire(folder);
  const finished = await finder.find(cell, watch.note);
  if (finished) return { ...finished, made: false };
  if (!await resume(cell, finder, watch)) await sample(cell, folder, watch);
  const run = await finder.find(cell, watch.note);
  if (run === undefined) throw new ParataaError(`${folder} contains no new run`);
  return { ...run, made: true };
}

async function sample({ settings }: Cell, outputPath: string, watch: Watch): Promise<void> {
  const { modelPath = TASKS[settings.task].modelPath, ...others } = settings;
  await sampleRun(modelPath, { ...others, outputPath }, optionsOf(watch));
}

/** Resumes a stopped or killed run; returns whether there was one that could be resumed. */
async function resume(cell: Cell, finder: RunFinder, watch: Watch): Promise<boolean> {
  const path = await finder.findUnfinished(cell);
  if (path === undefined) return false;
  try {
    await resumeRun(path, {}, optionsOf(watch));
    return true;
  } catch (error) {
    // The version or model changed or the log is damaged: start a new run and keep the old folder.
    if (!(error instanceof FormatError || error instanceof MismatchError)) throw error;
    error.respell(asFlag);
    watch.note(`not resumed: ${error.message}`);
    return false;
  }
}

function optionsOf({ signal, emit }: Watch): WatchOptions {
  return { signal, onProgress: emit, spelling: asFlag };
}
