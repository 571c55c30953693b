/** Executes a part of an experiment, while other processes execute other parts. @module */
import { BusyError, NumericalError, UsageError } from "../errors.ts";
import { Watch, type WatchOptions } from "../jobs/progress.ts";
import { oneLine, plural, shown } from "../text.ts";
import type { Cell } from "./cells.ts";
import type { Experiment } from "./experiment.ts";
import { RunFinder } from "./find_run.ts";
import { ensureRun } from "./ensure_run.ts";
import { cellName } from "./write_report.ts";

/** The part that a command line asks for; all runs by default. */
export interface PartOptions {
  /** `I/N`: the I-th of N parts, from 1. */
  shard?: string;
  /** Name of one run. */
  only?: string;
}

/** A run that this process did not finish. */
export interface OpenRun {
  name: string;
  message: string;
}

/** Result of a part. */
export interface PartResult {
  /** Folders of the finished runs, in the order of the part. */
  paths: readonly string[];
  /** Runs that failed with NaN. */
  failed: readonly OpenRun[];
  /** Runs that another process makes. */
  busy: readonly OpenRun[];
}

/**
 * The runs of a part. Every N-th run belongs to a shard, which spreads the settings of a seed. The
 * parts of an experiment depend on its file only.
 *
 * @throws {UsageError} naming the flag
 */
export function selectCells(
  all: readonly Cell[],
  { shard, only }: PartOptions,
): readonly Cell[] {
  if (only !== undefined) {
    const found = all.filter(({ id }) => id === only);
    if (found.length > 0) return found;
    throw new UsageError(`--only is ${shown(only)}, which is not the name of a run`, {
      hint: "--list prints the names",
    });
  }
  if (shard === undefined) return all;
  const [, index, count] = (/^(\d{1,5})\/(\d{1,5})$/.exec(shard) ?? []).map(Number);
  if (index >= 1 && index <= count) return all.filter((_, i) => i % count === index - 1);
  throw new UsageError(`--shard is ${shown(shard)} but takes I/N, with I from 1 to N`);
}

/**
 * Executes the missing runs of a part. It takes the lock of each run, not that of the experiment's
 * folder, and writes no report. A run that fails with NaN or that another process makes does not
 * stop the others.
 */
export async function makePart(
  { definition: { task }, path }: Experiment,
  cells: readonly Cell[],
  options: WatchOptions,
): Promise<PartResult> {
  const watch = new Watch(options), finder = new RunFinder(task, path);
  const paths: string[] = [], failed: OpenRun[] = [], busy: OpenRun[] = [];
  let made = 0;
  for (const cell of cells) {
    watch.signal.throwIfAborted();
    try {
      const run = await ensureRun(cell, finder, watch);
      paths.push(run.path);
      if (run.made) made++;
    } catch (error) {
      const open = { name: cellName(cell), message: oneLine(String((error as Error).message)) };
      if (error instanceof BusyError) busy.push(open);
      else if (error instanceof NumericalError) failed.push(open);
      else throw error;
    }
  }
  const counts = `${made} made, ${paths.length - made} finished before`;
  const left = busy.length > 0 ? `, ${busy.length} made by others now` : "";
  watch.note(`${plural(cells.length, "run")}: ${counts}${left}`);
  return { paths, failed, busy };
}
