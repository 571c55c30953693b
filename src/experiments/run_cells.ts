/** Executes the missing runs of an experiment and updates its report. @module */
import { join } from "node:path";
import { BusyError, NumericalError } from "../errors.ts";
import type { Manifest } from "../runs/manifest.ts";
import { RunLock } from "../runs/run_lock.ts";
import { writeWholeFile } from "../storage/whole_file.ts";
import { oneLine, plural } from "../text.ts";
import { Watch, type WatchOptions } from "../jobs/progress.ts";
import type { Cell } from "./cells.ts";
import { Estimator } from "./estimate.ts";
import type { Experiment } from "./experiment.ts";
import { type FoundRun, RunFinder } from "./find_run.ts";
import { Gallery } from "./gallery.ts";
import { ensureRun } from "./ensure_run.ts";
import { type MeasuredSample, measureRun } from "./measured_run.ts";
import type { OpenRun } from "./part.ts";
import { cellName, type FinishedRuns, REPORT, writeReport } from "./write_report.ts";

/** Options of {@link runCells}. */
export interface RunCellsOptions extends WatchOptions {
  /** Start no run; only write the report. */
  reportOnly: boolean;
}

/** Result of an experiment. */
export interface ExperimentResult {
  /** Path of the report. */
  report: string;
  /** Runs that failed with NaN. */
  failed: readonly OpenRun[];
  /** Runs that other processes make. */
  busy: readonly OpenRun[];
}

/** Minimum seconds between two updates of the report. */
const SECONDS_BETWEEN_REPORTS = 20;

/** A run with its estimated time. */
export interface EstimatedRun {
  name: string;
  /** Whether the run is finished. */
  there: boolean;
  /** Estimated time of the run; 0 if it is finished. */
  seconds: number;
}

/** Every run with its estimated time. */
export async function* estimateRuns(
  { definition: { task }, cells, path }: Experiment,
  options: WatchOptions,
): AsyncGenerator<EstimatedRun> {
  const { signal, note } = new Watch(options);
  const estimator = new Estimator(signal), finder = new RunFinder(task, path);
  for (const cell of cells.all) {
    signal.throwIfAborted();
    const there = await finder.find(cell, note) !== undefined;
    const seconds = there ? 0 : await estimator.seconds(cell);
    yield { name: cellName(cell), there, seconds };
  }
}

/**
 * Executes the missing runs. Complete runs that the current setup would reproduce are kept. A run
 * that fails with NaN is recorded, and the others continue; a run that another process makes is
 * left to it. The report is written in any case.
 *
 * @throws {BusyError} naming the process that writes the report of the folder
 */
export async function runCells(
  experiment: Experiment,
  options: RunCellsOptions,
): Promise<ExperimentResult> {
  const { path, text, cells: { all } } = experiment;
  const { reportOnly } = options, watch = new Watch(options);
  const state = new State(experiment, { reportOnly });
  await Deno.mkdir(path, { recursive: true });
  await using _lock = await RunLock.acquire(path);
  await writeWholeFile(join(path, "experiment.json"), new TextEncoder().encode(text));
  try {
    await state.addFinished(watch);
    const missing = all.filter((cell) => !state.has(cell));
    watch.note(
      `${plural(all.length, "run")}, ${all.length - missing.length} finished${
        reportOnly ? "" : `, ${missing.length} to run`
      }`,
    );
    if (!reportOnly) { for (const cell of missing) await state.make(cell, watch); }
  } catch (error) {
    // Keep the original error if the disk is full too.
    await state.report().catch(() => {});
    throw error;
  }
  await state.report();
  return { report: join(path, REPORT), failed: state.failed, busy: state.busy };
}

/** Runs found and measured so far. */
class State {
  readonly failed: OpenRun[] = [];
  readonly busy: OpenRun[] = [];
  readonly #failedCells = new Set<string>();
  readonly #experiment: Experiment;
  readonly #finder: RunFinder;
  readonly #found = new Map<string, FoundRun>();
  readonly #samples = new Map<string, MeasuredSample[]>();
  readonly #gallery: Gallery;
  #reported = performance.now();

  /** With `reportOnly`, complete runs of other machines and versions are included. */
  constructor(experiment: Experiment, { reportOnly }: Pick<RunCellsOptions, "reportOnly">) {
    this.#experiment = experiment;
    this.#finder = new RunFinder(experiment.definition.task, experiment.path, {
      anySetup: reportOnly,
    });
    this.#gallery = new Gallery(experiment.path);
  }

  has(cell: Cell): boolean {
    return this.#found.has(cell.id);
  }

  /** Adds the runs of an earlier start. */
  async addFinished({ signal, note }: Watch): Promise<void> {
    for (const cell of this.#experiment.cells.all) {
      signal.throwIfAborted();
      const run = await this.#finder.find(cell, note);
      if (run) await this.#add(cell, run);
    }
  }

  /** Executes one run, unless its reference failed. */
  async make(cell: Cell, watch: Watch): Promise<void> {
    if (this.#failedCells.has(cell.reference)) return;
    try {
      await this.#add(cell, await ensureRun(cell, this.#finder, watch));
    } catch (error) {
      const message = oneLine(error instanceof Error ? error.message : String(error));
      if (error instanceof BusyError) this.busy.push({ name: cellName(cell), message });
      else if (error instanceof NumericalError) this.#fail(cell, message, watch);
      else throw error;
      return;
    }
    this.#report(cell, watch);
    if (performance.now() - this.#reported > 1000 * SECONDS_BETWEEN_REPORTS) await this.report();
  }

  #fail(cell: Cell, message: string, watch: Watch): void {
    this.#failedCells.add(cell.id);
    this.failed.push({ name: cellName(cell), message });
    watch.note(`${cellName(cell)} failed: ${message}`);
  }

  #report(cell: Cell, watch: Watch): void {
    const place = `[${this.#found.size}/${this.#experiment.cells.all.length}]`;
    for (const { figures: { rounds, nfe, seconds } } of this.#samples.get(cell.id) ?? []) {
      const cost = `${plural(rounds, "round")}, ${plural(nfe, "evaluation")}`;
      watch.note(`${place} ${cellName(cell)}: ${cost}, ${seconds.toFixed(1)} s`);
    }
  }

  /** Writes the report of the finished runs. */
  async report(): Promise<void> {
    const { name, path, text, definition, cells } = this.#experiment;
    const manifests = new Map<string, Manifest>();
    for (const [id, { manifest }] of this.#found) manifests.set(id, manifest);
    const findings: FinishedRuns = {
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
    // Add finished runs that were waiting for their reference.
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
