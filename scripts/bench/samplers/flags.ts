/** Flags of the sampler benchmark, and the grids that they describe. @module */
import type { Flag, FlagValues } from "../../../src/arguments/flag.ts";
import { UsageError } from "../../../src/errors.ts";
import { type Grid, METHODS, type ModelName, MODELS } from "./cells.ts";
import { barGrids } from "./summary.ts";

const list = (value: string, help: string, given: string) =>
  ({ type: "string", group: "Sampling", value, help, default: given }) as const satisfies Flag;
const whole = (help: string, limits: { min: number; max: number; default: number }) =>
  ({ type: "integer", group: "Run", help, ...limits }) as const satisfies Flag;

/** The flags. */
export const FLAGS = {
  model: list("A,B", "models to sample: dit, flow, sd", "dit,flow,sd"),
  steps: list("N,N,…", "denoising steps", "25,50,100"),
  eta: list("X,X,…", "0 is DDIM, 1 is DDPM", "0,1"),
  guidance: list("X,X,…", "guidance scales", "2,4,7.5"),
  window: list("N,N,…", "windows; 0 means all steps", "8,15,25,0"),
  method: list(
    "A,B,…",
    "methods, or files of own solvers as examples/own_solver.ts",
    ["sequential", ...Object.keys(METHODS)].join(),
  ),
  seeds: whole("seeds of every setting", { min: 1, max: 1000, default: 10 }),
  first_seed: whole("the first seed", { min: 0, max: 1_000_000, default: 0 }),
  quick: {
    type: "boolean",
    group: "Run",
    help: "a few cells of the DiT at 25 steps, under a minute; other grid flags are not used",
  },
  bars: {
    type: "boolean",
    group: "Run",
    help: "the settings of TQN's bars against ParaTAA; of the grid flags, --model is used",
  },
  axes: {
    type: "boolean",
    group: "Run",
    help:
      "one axis at a time: of steps, eta, guidance and window all but one stay at 50, 0, 4 and 0",
  },
  threads: whole("threads of ONNX Runtime, 0 for one per core", { min: 0, max: 64, default: 0 }),
  dit_path: {
    ...{ type: "string", group: "Model", value: "DIR", default: "models/dit-emoji" },
    help: "folder of the DiT",
  },
  flow_path: {
    ...{ type: "string", group: "Model", value: "DIR", default: "models/flow-emoji" },
    help: "folder of the flow model",
  },
  sd_path: {
    ...{ type: "string", group: "Model", value: "DIR", default: "models/sd-emoji" },
    help: "folder of the Stable Diffusion model",
  },
  output: {
    ...{ type: "string", group: "Output", value: "DIR", default: "output/bench-samplers" },
    help: "folder of results.jsonl, results.csv and figures; results in results.jsonl are kept",
  },
} as const satisfies Record<string, Flag>;

/** Values of the flags. */
export type BenchFlags = FlagValues<typeof FLAGS>;

/** Returns the grids to measure. @throws {UsageError} if a list has an unknown value */
export function grids(flags: BenchFlags): Grid[] {
  const seeds = Array.from({ length: flags.seeds }, (_, i) => flags.first_seed + i);
  const models = words("model", flags.model, MODELS) as ModelName[];
  if (flags.bars) return barGrids({ models, seeds });
  if (flags.quick) {
    return [{
      ...{ models: ["dit"], steps: [25], etas: [0], guidances: [4], windows: [8, 0] },
      ...{ seeds: [0, 1], methods: ["sequential", "fp-T", "parataa-2", "parataa-3", "tqn"] },
    }];
  }
  const full: Grid = {
    models,
    steps: numbers("steps", flags.steps, { min: 1, max: 999, whole: true }),
    etas: numbers("eta", flags.eta, { min: 0, max: 1 }),
    guidances: numbers("guidance", flags.guidance, { min: 0, max: 1000 }),
    windows: numbers("window", flags.window, { min: 0, max: 999, whole: true }),
    methods: words("method", flags.method, ["sequential", ...Object.keys(METHODS)]),
    seeds,
  };
  return flags.axes ? axisGrids(full) : [full];
}

const CENTRE = { steps: [50], etas: [0], guidances: [4], windows: [0] };

/** Returns grids in which one axis has all its values and the others stay at the centre. */
function axisGrids(full: Grid): Grid[] {
  return full.models.flatMap((model) =>
    (["steps", "etas", "guidances", "windows"] as const).map((axis) => ({
      ...{ ...full, models: [model], ...CENTRE },
      [axis]: full[axis],
    }))
  );
}

function words(name: string, text: string, known: readonly string[]): string[] {
  return text.split(",").map((word) => {
    if (known.includes(word)) return word;
    throw new UsageError(`--${name} names ${JSON.stringify(word)}, wanted ${known.join(", ")}`);
  });
}

function numbers(
  name: string,
  text: string,
  { min, max, whole = false }: { min: number; max: number; whole?: boolean },
): number[] {
  return text.split(",").map((word) => {
    const value = /^[0-9]+\.?[0-9]*$/.test(word) ? Number(word) : NaN;
    if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
    const kind = whole ? "whole numbers" : "numbers";
    throw new UsageError(`--${name} has ${JSON.stringify(word)}, wanted ${kind} ${min}-${max}`);
  });
}
