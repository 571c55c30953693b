/** Makes the runs of an experiment that are missing, and keeps its report up to date. @module */
import { join } from "node:path";
import { FormatError, MismatchError, NumericalError, ParataaError } from "../errors.ts";
import type { Manifest } from "../runs/manifest.ts";
import { RunLock } from "../runs/run_lock.ts";
import { writeWholeFile } from "../storage/whole_file.ts";
import { describeError, Interrupted } from "../cli/main.ts";
import { printLine } from "../cli/print.ts";
import { createProgress, plural, type Progress } from "../cli/progress.ts";
import type { AnySamplingScript } from "../jobs/sampling_scripts.ts";
import type { Cell, Cells } from "./cells.ts";
import type { Definition } from "./definition.ts";
import { duration, Estimator } from "./estimate.ts";
import { type FoundRun, RunFinder } from "./find_run.ts";
import { Gallery } from "./gallery.ts";
import { type MeasuredSample, measureRun } from "./measured_run.ts";
import { cellName, type Findings, REPORT, writeReport } from "./write_report.ts";

/** An experiment and where it goes. */
export interface Experiment {
  /** Its file's, without the extension. */
  name: string;
  /** The file as it is. */
  text: string;
  definition: Definition;
  script: AnySamplingScript;
  cells: Cells;
  /** Its folder. */
  path: string;
}

/** How to go about it. */
export interface RunCellsOptions {
  signal: AbortSignal;
  quiet: boolean;
  /** Make no run. */
  reportOnly: boolean;
}

/** While runs are made the report is not written more often than this. */
const SECONDS_BETWEEN_REPORTS = 20;

/** Prints every run with the time that it can be expected to take, and the sum. */
export async function dryRun(
  { script, cells, path }: Experiment,
  { signal, quiet }: Pick<RunCellsOptions, "signal" | "quiet">,
): Promise<void> {
  const estimator = new Estimator(script, signal), finder = new RunFinder(script, path);
  const { note } = cellProgress(quiet);
  let left = 0, there = 0;
  for (const cell of cells.all) {
    signal.throwIfAborted();
    const run = await finder.find(cell, note);
    const seconds = run ? 0 : await estimator.seconds(cell);
    if (run) there++;
    left += seconds;
    printLine(`${(run ? "there" : `about ${duration(seconds)}`).padEnd(12)}  ${cellName(cell)}`);
  }
  printLine(
    `${plural(cells.all.length, "run")}, ${there} there already; about ${duration(left)} to go`,
  );
}

/**
 * Makes what is missing. Finished runs are kept when they are whole and what is here would make them again; a run that ends in NaN is
 * noted and the others go on. Whatever ends the work, the report of what is there is written.
 *
 * @throws {BusyError} naming the process that works on the same folder
 * @throws {NumericalError} in the end, when a run ended in NaN
 */
export async function runCells(experiment: Experiment, options: RunCellsOptions): Promise<void> {
  const { path, text, cells: { all } } = experiment;
  const { signal, quiet, reportOnly } = options;
  const state = new State(experiment, { reportOnly });
  const progress = cellProgress(quiet);
  await Deno.mkdir(path, { recursive: true });
  await using _lock = await RunLock.acquire(path);
  await writeWholeFile(join(path, "experiment.json"), new TextEncoder().encode(text));
  try {
    await state.takeFinished(progress, signal);
    const missing = all.filter((cell) => !state.has(cell));
    progress.note(
      `${plural(all.length, "run")}, ${all.length - missing.length} there already${
        reportOnly ? "" : `, ${missing.length} to make`
      }`,
    );
    if (!reportOnly) { for (const cell of missing) await state.make(cell, progress, signal); }
  } catch (error) {
    // A full disk must not hide the error that is already on its way.
    await state.report().catch(() => {});
    if (error instanceof Interrupted) error.hint = "start it again to go on";
    throw error;
  }
  await state.report();
  printLine(join(path, REPORT));
  const [first] = state.failed;
  if (first === undefined) return;
  throw new NumericalError(
    `${state.failed.length} of ${
      plural(all.length, "run")
    } failed, first ${first.name}: ${first.message}`,
  );
}

/** What has been found and measured so far. */
class State {
  readonly failed: { name: string; message: string }[] = [];
  readonly #experiment: Experiment;
  readonly #finder: RunFinder;
  readonly #found = new Map<string, FoundRun>();
  readonly #samples = new Map<string, MeasuredSample[]>();
  readonly #gallery: Gallery;
  #reported = performance.now();

  /** A report alone is of all whole runs: they may come from another machine, or from a version before. */
  constructor(experiment: Experiment, { reportOnly }: Pick<RunCellsOptions, "reportOnly">) {
    this.#experiment = experiment;
    this.#finder = new RunFinder(experiment.script, experiment.path, { anyMaker: reportOnly });
    this.#gallery = new Gallery(experiment.path);
  }

  has(cell: Cell): boolean {
    return this.#found.has(cell.id);
  }

  /** Takes in what an earlier start has left. */
  async takeFinished(progress: Progress, signal: AbortSignal): Promise<void> {
    for (const cell of this.#experiment.cells.all) {
      signal.throwIfAborted();
      const run = await this.#finder.find(cell, progress.note);
      if (run) await this.#add(cell, run);
    }
  }

  /** Makes one run. */
  async make(cell: Cell, progress: Progress, signal: AbortSignal): Promise<void> {
    const { script, cells: { all } } = this.#experiment;
    if (cell.id !== cell.reference && !this.#found.has(cell.reference)) return; // that one failed
    try {
      if (!await this.#resume(cell, progress, signal)) {
        // Quiet: the report says how a run compares with sequential sampling.
        const words = [...cell.words, `--output_path=${this.#finder.folder(cell)}`, "--quiet"];
        await script.run(words, signal, progress);
      }
    } catch (error) {
      if (!(error instanceof NumericalError)) throw error;
      const { message } = describeError(error);
      this.failed.push({ name: cellName(cell), message });
      progress.note(`${cellName(cell)} failed: ${message}`);
      return;
    }
    const run = await this.#finder.find(cell, progress.note);
    if (run === undefined) {
      throw new ParataaError(`${this.#finder.folder(cell)} holds no run just made`);
    }
    await this.#add(cell, run);
    const place = `[${this.#found.size}/${all.length}]`;
    for (const { figures: { rounds, nfe, seconds } } of this.#samples.get(cell.id)!) {
      progress.note(
        `${place} ${cellName(cell)}: ${plural(rounds, "round")}, ${plural(nfe, "evaluation")}, ${
          seconds.toFixed(1)
        } s`,
      );
    }
    if (performance.now() - this.#reported > 1000 * SECONDS_BETWEEN_REPORTS) await this.report();
  }

  /** Goes on with a run that was stopped or killed. @returns whether there was one that could */
  async #resume(cell: Cell, progress: Progress, signal: AbortSignal): Promise<boolean> {
    const path = await this.#finder.findUnfinished(cell);
    if (path === undefined) return false;
    try {
      await this.#experiment.script.run([`--resume=${path}`, "--quiet"], signal, progress);
      return true;
    } catch (error) {
      // Another version, another model, a damaged log: the run is made anew and the old one stays.
      if (!(error instanceof FormatError || error instanceof MismatchError)) throw error;
      progress.note(`not resumed: ${error.message}`);
      return false;
    }
  }

  /** Writes the report of what is there. */
  async report(): Promise<void> {
    const { name, path, text, definition, cells } = this.#experiment;
    const manifests = new Map<string, Manifest>();
    for (const [id, { manifest }] of this.#found) manifests.set(id, manifest);
    const findings: Findings = {
      ...{ name, path, text, definition, manifests },
      ...{ swept: cells.swept, cells: cells.all, failed: this.failed, gallery: this.#gallery },
      samples: cells.all.flatMap(({ id }) => this.#samples.get(id) ?? []),
    };
    await writeReport(findings);
    this.#reported = performance.now();
  }

  async #add(cell: Cell, run: FoundRun): Promise<void> {
    this.#found.set(cell.id, run);
    if (cell.id !== cell.reference) return await this.#measure(cell);
    // Runs that were there while their reference was not waited for it.
    for (const other of this.#experiment.cells.all) {
      if (other.reference === cell.id) await this.#measure(other);
    }
  }

  async #measure(cell: Cell): Promise<void> {
    const run = this.#found.get(cell.id), reference = this.#found.get(cell.reference);
    if (run === undefined || reference === undefined) return;
    const samples = await measureRun(cell, run, reference);
    this.#samples.set(cell.id, samples);
    await this.#gallery.add(samples, reference);
  }
}

/** A bar for the run at hand on a terminal, and our own lines; of what the runs say of themselves every line once. */
function cellProgress(quiet: boolean): Progress {
  const { round, note } = createProgress({ quiet, json: false });
  const told = new Set<string>();
  return {
    round,
    note(line) {
      if (!told.has(line)) note(line);
      told.add(line);
    },
    sample() {},
    done() {},
  };
}
