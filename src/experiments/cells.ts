/** Expands an experiment to its runs. @module */
import { UsageError } from "../errors.ts";
import { digestBytes } from "../storage/hash.ts";
import { recordedSettings } from "../arguments/record.ts";
import { asFlag } from "../arguments/setting_names.ts";
import type { GivenSettings } from "../arguments/resolve_settings.ts";
import type { Task } from "../arguments/settings.ts";
import { TASKS } from "../arguments/tasks.ts";
import { checkInputs } from "../jobs/check_inputs.ts";
import { checkSettings } from "../jobs/sample_run.ts";
import { type MethodName, METHODS, SOLVER_FLAGS } from "../arguments/methods.ts";
import type { Definition, FlagSet } from "./definition.ts";

/** A run of an experiment. */
export interface Cell {
  /** Folder name of the run, derived from its settings and safe as a path component. */
  id: string;
  method: MethodName;
  seed: number;
  /** From 1. */
  repeat: number;
  /** Every given flag, including the method and the seed. */
  flags: FlagSet;
  /** The swept flags that the method uses. */
  swept: FlagSet;
  /** Settings of the run. */
  settings: GivenSettings;
  /** Id of the sequential run with the same seed and settings; the own id for a sequential run. */
  reference: string;
}

/** Requested runs and the sequential runs that they are compared with. */
export interface Cells {
  /**
   * Runs in order of execution: a reference precedes the runs that need it, and all settings of a
   * seed precede the next seed.
   */
  all: readonly Cell[];
  /** Flags that differ between runs, in the order of the file. */
  swept: readonly string[];
}

/** Flags that change the number of samples; an experiment makes one sample per run by default. */
const COUNTING = ["num_samples", "class_labels", "prompts_file", "noise_path"];
const MAX_RUNS = 10_000;

/**
 * Expands the grid to runs. Flags that a method does not use are omitted, and runs that become
 * equal are made once.
 *
 * @throws {UsageError} when no method uses a flag, settings exclude each other, or there are too
 *   many runs
 */
export async function expandCells(definition: Definition, file: string): Promise<Cells> {
  const { task, base, grid, list, methods, seeds, repeats } = definition;
  const sweeps = combine(grid, list);
  const wanted = sweeps.length * methods.length * seeds.length * repeats;
  if (wanted > MAX_RUNS) {
    throw new UsageError(`${file} asks for ${wanted} runs, wanted at most ${MAX_RUNS}`);
  }
  refuseUnusedFlags({ ...base, ...Object.assign({}, ...sweeps) }, methods, file);
  const cells = new Map<string, Cell>();
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (const seed of seeds) {
      for (const sweep of sweeps) {
        const make = (method: MethodName, repeat: number) =>
          makeCell({ task, base, sweep, method, seed, repeat });
        const reference = make("sequential", 1);
        for (const cell of [reference, ...methods.map((method) => make(method, repeat))]) {
          if (cells.has(cell.id)) continue;
          await named(file, cell, () => checkSettings(cell.settings));
          cells.set(cell.id, { ...cell, reference: reference.id });
        }
      }
    }
  }
  const swept = Object.keys(Object.assign({}, ...sweeps));
  return { all: [...cells.values()], swept };
}

/**
 * Checks files, models and classes of all runs, so that an error in the last run is found before
 * the first starts.
 *
 * @throws {UsageError | ModelError | FormatError} with the error that the run would throw; errors
 *   of flags name the run
 */
export async function checkCells(
  { all }: Cells,
  file: string,
): Promise<void> {
  const checked = new Set<string>();
  for (const cell of all) {
    const key = JSON.stringify(
      Object.entries(cell.flags).filter(([name]) => !isUncheckedNumber(name, cell)),
    );
    if (!checked.has(key)) await named(file, cell, () => checkInputs(cell.settings));
    checked.add(key);
  }
}

/** Whether a flag's value is a plain number that needs no check against files or classes. */
function isUncheckedNumber(name: string, { flags }: Cell): boolean {
  return name === "method" || (typeof flags[name] === "number" && name !== "num_samples");
}

/** Name of a run's settings without the seed: `tqn, window_size 8`. */
export function settingName({ method, swept }: Pick<Cell, "method" | "swept">): string {
  return [method, ...Object.entries(swept).map(([name, value]) => `${name} ${value}`)].join(", ");
}

/** All combinations of the grid's values with the entries of the list. */
function combine(grid: Definition["grid"], list: readonly FlagSet[]): FlagSet[] {
  let sets: FlagSet[] = [...list];
  for (const [name, values] of Object.entries(grid)) {
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value })));
  }
  return sets;
}

/** Whether a method uses a flag. Flags that are not solver flags are used by all. */
function uses(method: MethodName, name: string): boolean {
  const solver = METHODS.some((other) => SOLVER_FLAGS[other].includes(name));
  return !solver || SOLVER_FLAGS[method].includes(name);
}

function refuseUnusedFlags(flags: FlagSet, methods: readonly MethodName[], file: string): void {
  const unused = Object.keys(flags).find((name) => !methods.some((method) => uses(method, name)));
  if (unused === undefined) return;
  throw new UsageError(
    `${file}: ${unused} is not used by any of the methods ${methods.join(", ")}`,
  );
}

interface CellOptions {
  task: Task;
  base: FlagSet;
  sweep: FlagSet;
  method: MethodName;
  seed: number;
  repeat: number;
}

function makeCell({ task, base, sweep, method, seed, repeat }: CellOptions): Cell {
  const used = (set: FlagSet): FlagSet =>
    Object.fromEntries(Object.entries(set).filter(([name]) => uses(method, name)));
  const flags: FlagSet = { ...used(base), ...used(sweep), method, seed };
  // A warm start makes one sample by default.
  const counted = !("default" in TASKS[task].flags.num_samples) ||
    COUNTING.some((name) => name in flags);
  const all = counted ? flags : { ...flags, num_samples: 1 };
  const id = `${method}-seed${seed}-${hashOf(all)}${repeat > 1 ? `-repeat${repeat}` : ""}`;
  const settings = recordedSettings(task, all);
  return { id, method, seed, repeat, flags, swept: used(sweep), settings, reference: id };
}

/** Hash that identifies the flags of a run. */
function hashOf(flags: FlagSet): string {
  const given = Object.entries(flags).filter(([, value]) => value !== false);
  const words = given.map(([name, value]) => value === true ? `--${name}` : `--${name}=${value}`);
  const text = JSON.stringify(words.sort());
  return digestBytes(new TextEncoder().encode(text)).sha256.slice(0, 12);
}

/** Runs a check and adds the name of the run to its error. */
async function named(file: string, cell: Cell, check: () => Promise<unknown>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    error.respell(asFlag);
    throw new UsageError(`${file}: run "${settingName(cell)}": ${error.message}`, error);
  }
}
