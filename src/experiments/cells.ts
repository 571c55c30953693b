/** The runs that an experiment consists of. @module */
import { UsageError } from "../errors.ts";
import { digestBytes } from "../storage/hash.ts";
import type { FlagTable } from "../arguments/flag.ts";
import { toArguments } from "../arguments/parse_flags.ts";
import { SAMPLING_SCRIPTS } from "../jobs/sampling_scripts.ts";
import { type MethodName, METHODS, SOLVER_FLAGS } from "../arguments/script_flags.ts";
import type { Definition, FlagSet } from "./definition.ts";

/** One run. */
export interface Cell {
  /** Name of its folder: what it depends on, and nothing that could lead out of the experiment's. */
  id: string;
  method: MethodName;
  seed: number;
  /** From 1. */
  repeat: number;
  /** Every flag that is given, the method and the seed too. */
  flags: FlagSet;
  /** Of these, what the experiment sweeps and the method uses. */
  swept: FlagSet;
  /** Words of the command line, without `--output_path`. */
  words: readonly string[];
  /** The sequential run of the same seed and settings; its own for a sequential one. */
  reference: string;
}

/** The runs that were asked for, and those that they are measured against. */
export interface Cells {
  /** In the order in which they are made: references first where they are needed, all settings of a seed before the next seed. */
  all: readonly Cell[];
  /** Flags that differ between runs, in the file's order. */
  swept: readonly string[];
}

/** Either makes more than one sample by default; an experiment takes one. */
const COUNTING = ["num_samples", "class_labels", "prompts_file", "noise_path"];
const MOST_RUNS = 10_000;

/**
 * Every run of an experiment. Flags that a method does not use are left out of its runs, and runs that come out the same are made once.
 *
 * @throws {UsageError} when a flag is used by no method, settings exclude each other, or there are too many runs
 */
export async function expandCells(definition: Definition, file: string): Promise<Cells> {
  const { base, grid, list, methods, seeds, repeats } = definition;
  const { flags: table, check } = SAMPLING_SCRIPTS[definition.script];
  const sweeps = combine(grid, list);
  const wanted = sweeps.length * methods.length * seeds.length * repeats;
  if (wanted > MOST_RUNS) {
    throw new UsageError(`${file} asks for ${wanted} runs, wanted at most ${MOST_RUNS}`);
  }
  refuseUseless({ ...base, ...Object.assign({}, ...sweeps) }, methods, file);
  const cells = new Map<string, Cell>();
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (const seed of seeds) {
      for (const sweep of sweeps) {
        const make = (method: MethodName, repeat: number) =>
          makeCell({ table, base, sweep, method, seed, repeat });
        const reference = make("sequential", 1);
        for (const cell of [reference, ...methods.map((method) => make(method, repeat))]) {
          if (cells.has(cell.id)) continue;
          await named(file, cell, () => check(cell.words));
          cells.set(cell.id, { ...cell, reference: reference.id });
        }
      }
    }
  }
  const swept = Object.keys(Object.assign({}, ...sweeps));
  return { all: [...cells.values()], swept };
}

/**
 * Checks what the runs name, files, models, classes, so that a slip in the last of them ends the experiment before the first.
 *
 * @throws {UsageError | ModelError | FormatError} that the run would end with; of flags it names the run
 */
export async function checkCells(
  { all }: Cells,
  { script }: Definition,
  file: string,
): Promise<void> {
  const { checkInputs } = SAMPLING_SCRIPTS[script];
  const checked = new Set<string>();
  for (const cell of all) {
    const key = JSON.stringify(Object.entries(cell.flags).filter(([name]) => !isMere(name, cell)));
    if (!checked.has(key)) await named(file, cell, () => checkInputs(cell.words));
    checked.add(key);
  }
}

/** Whether a flag's value is a number that no file or class is checked against. */
function isMere(name: string, { flags }: Cell): boolean {
  return name === "method" || (typeof flags[name] === "number" && name !== "num_samples");
}

/** `tqn, window_size 8`: what a run's setting is called, whatever its seed. */
export function settingName({ method, swept }: Pick<Cell, "method" | "swept">): string {
  return [method, ...Object.entries(swept).map(([name, value]) => `${name} ${value}`)].join(", ");
}

/** Every combination of the grid's values with every entry of the list. */
function combine(grid: Definition["grid"], list: readonly FlagSet[]): FlagSet[] {
  let sets: FlagSet[] = [...list];
  for (const [name, values] of Object.entries(grid)) {
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value })));
  }
  return sets;
}

/** Whether a method takes a flag: of the solver's flags it has its own, of the others all. */
function uses(method: MethodName, name: string): boolean {
  const solver = METHODS.some((other) => SOLVER_FLAGS[other].includes(name));
  return !solver || SOLVER_FLAGS[method].includes(name);
}

function refuseUseless(flags: FlagSet, methods: readonly MethodName[], file: string): void {
  const useless = Object.keys(flags).find((name) => !methods.some((method) => uses(method, name)));
  if (useless === undefined) return;
  throw new UsageError(`${file}: ${useless} is used by no method of ${methods.join(", ")}`);
}

interface CellOptions {
  table: FlagTable;
  base: FlagSet;
  sweep: FlagSet;
  method: MethodName;
  seed: number;
  repeat: number;
}

function makeCell({ table, base, sweep, method, seed, repeat }: CellOptions): Cell {
  const used = (set: FlagSet): FlagSet =>
    Object.fromEntries(Object.entries(set).filter(([name]) => uses(method, name)));
  const flags: FlagSet = { ...used(base), ...used(sweep), method, seed };
  // A warm start makes one sample by default.
  const counted = !("default" in table.num_samples) || COUNTING.some((name) => name in flags);
  const words = toArguments(table, counted ? flags : { ...flags, num_samples: 1 }, new Set());
  const text = JSON.stringify(words.toSorted());
  const hash = digestBytes(new TextEncoder().encode(text)).sha256.slice(0, 12);
  const id = `${method}-seed${seed}-${hash}${repeat > 1 ? `-repeat${repeat}` : ""}`;
  return { id, method, seed, repeat, flags, swept: used(sweep), words, reference: id };
}

/** Says of which run an argument is refused. */
async function named(file: string, cell: Cell, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${file}: run "${settingName(cell)}": ${error.message}`, error);
  }
}
