/**
 * Defines what the sampler benchmark measures: problems, methods, and the key of a measurement.
 * @module
 */
import { importSolver } from "../../../src/jobs/samples/own_solver.ts";
import type { SampleOptions } from "../../../src/sampling/options.ts";
import { SOLVER_REVISION } from "../../../src/sampling/revision.ts";
import { digestFile } from "../../../src/storage/hash.ts";
import { FAST_FLOW_TQN, FAST_TQN } from "../../../src/sampling/presets.ts";

import { paradigms } from "./paradigms.ts";

/** Models of the benchmark. */
export const MODELS = ["dit", "flow", "sd"] as const;

/** Name of a model. */
export type ModelName = typeof MODELS[number];

/** One chain to sample: every method gets the same noise and conditioning. */
export interface Problem {
  model: ModelName;
  /** Number of steps T. */
  steps: number;
  eta: number;
  guidance: number;
  /** Seed of the noise and of the class or prompt. */
  seed: number;
}

/** A run of one method on a problem. */
export interface Cell extends Problem {
  window: number;
  /** Name in {@link METHODS}, or `sequential`. */
  method: string;
}

/** Values of all axes. Windows above T are left out; 0 means T. */
export interface Grid extends Record<"steps" | "etas" | "guidances" | "windows", number[]> {
  models: ModelName[];
  seeds: number[];
  methods: string[];
}

/** Options of a method for a cell; `undefined` if it would repeat another one. */
type MethodOptions = (cell: Cell) => Partial<SampleOptions> | undefined;

const fixedPoint = (order: number): MethodOptions => ({ steps }) => ({
  method: "fixed_point",
  order: order === 0 ? steps : order,
});

/** ParaTAA at the order of the official scripts: T for transformers, 20 for Stable Diffusion. */
const parataa = (memorySize: number): MethodOptions => ({ model, steps }) => ({
  method: "parataa",
  order: model === "sd" ? 20 : steps,
  memorySize,
});

/** The official code differs only if steps with old differences enter the window. */
const official = (memorySize: number): MethodOptions => (cell) =>
  cell.window < cell.steps
    ? { ...parataa(memorySize)(cell), compat: "official" as const }
    : undefined;

/** ParaDiGMS at tolerance τ only. */
const picard = (tau: number): MethodOptions => () => ({ method: paradigms, atol: 0, rtol: tau });

/** TQN. Changed options are part of the key, so that a new default is measured again. */
const tqn = (change: SampleOptions["tqn"], rest: Partial<SampleOptions> = {}): MethodOptions =>
(
  { model },
) => ({
  method: "tqn",
  tqn: { ...(model === "flow" ? FAST_FLOW_TQN : FAST_TQN), ...change },
  ...{ atol: 3e-4, rtol: 3e-3 },
  ...rest,
});

/** The preset `reference`, spelled out. */
const PLAIN = { symmetric: false, skipRadius: 0, growthLimit: 0, refinement: 0 };

/** Methods by the name in tables. {@link addSolver} adds to them. */
export const METHODS: Record<string, MethodOptions> = {
  "fp-1": fixedPoint(1),
  "fp-8": fixedPoint(8),
  "fp-T": fixedPoint(0),
  "parataa-2": parataa(2),
  "parataa-3": parataa(3),
  "parataa-4": parataa(4),
  "parataa-5": parataa(5),
  "parataa-3-official": official(3),
  "parataa-4-official": official(4),
  "parataa-5-official": official(5),
  "paradigms": picard(0.1), // its own default
  "paradigms-1e-2": picard(0.01),
  "tqn": tqn({}),
  "tqn-visual": tqn({}, { atol: 7.5e-4, rtol: 7.5e-3 }),
  "tqn-1e-3": tqn({}, { atol: 1e-3, rtol: 1e-2 }),
  "tqn-even": tqn({}, { rtol: 3e-4 }),
  "tqn-top": tqn({ start: "top", strides: [] }),
  "tqn-plain": tqn(PLAIN, { rtol: 3e-4 }),
  "tqn-exact": tqn({}, { atol: 0, rtol: 0 }),
  "tqn-one-look": tqn({ growthLimit: 0 }),
  "tqn-no-skipping": tqn({ skipRadius: 0 }),
  "tqn-no-pairs": tqn({ pairs: 0 }),
  "tqn-no-trust": tqn({ trustRadius: 0 }),
};

/** Hashes of own solvers' files, by path. */
const OWN = new Map<string, string>();

/**
 * Adds the solver of a file, named by its path.
 *
 * @throws {FormatError} if its default export is not a solver
 */
export async function addSolver(file: string): Promise<void> {
  const method = await importSolver(file);
  OWN.set(file, (await digestFile(file)).sha256);
  METHODS[file] = () => ({ method });
}

/**
 * Returns the options of a cell's method (`sequential` has none), `undefined` if the cell is not
 * measured.
 */
export function methodOptions(cell: Cell): Partial<SampleOptions> | undefined {
  const { method, window, steps } = cell;
  if (method === "sequential") return window === steps ? {} : undefined;
  const options = METHODS[method](cell);
  return options && { ...options, windowSize: window };
}

/** Yields every problem of the grid with its cells, `sequential` first. */
export function* problems(grid: Grid): Iterable<{ problem: Problem; cells: Cell[] }> {
  const { models, steps, etas, guidances, seeds } = grid;
  for (const model of models) {
    for (const T of steps) {
      const windows = [...new Set(grid.windows.map((w) => w === 0 ? T : w))].filter((w) => w <= T);
      for (const eta of model === "flow" ? [0] : etas) { // Euler's method adds no noise
        for (const guidance of guidances) {
          for (const seed of seeds) {
            const problem: Problem = { model, steps: T, eta, guidance, seed };
            const cells = windows.flatMap((window) =>
              grid.methods.map((method): Cell => ({ ...problem, window, method }))
            );
            yield { problem, cells: cells.filter((cell) => methodOptions(cell) !== undefined) };
          }
        }
      }
    }
  }
}

/**
 * Returns the dependencies of a measurement as text: the cell, its method's options by value, the
 * network's bytes and the solver's revision. If a method is redefined, a model retrained or a
 * solver changed, the cell is measured again.
 */
export function cellKey(cell: Cell, network: string): string {
  const { model, steps, eta, guidance, window, seed, method } = cell;
  const options = sorted(methodOptions(cell) ?? {});
  const problem = [model, network, steps, eta, guidance, seed];
  const own = OWN.has(method) ? [OWN.get(method)] : [];
  return JSON.stringify([SOLVER_REVISION, ...problem, window, method, options, ...own]);
}

/** Sorts the keys of every object, so that equal options give equal text. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return entries.sort(([a], [b]) => a < b ? -1 : 1).map(([name, entry]) => [name, sorted(entry)]);
}
