/**
 * Summarises measurements of many seeds: one line per setting and method, and the bars of TQN
 * against ParaTAA.
 * @module
 */
import { median } from "../table.ts";
import type { Grid } from "./cells.ts";
import { mean } from "./metrics.ts";
import type { Measurement } from "./results_file.ts";

/** All seeds of one method in one setting. */
export interface Summary {
  setting: string;
  method: string;
  runs: readonly Measurement[];
}

/** Groups by setting and method, in order of first appearance. */
export function summarise(measurements: readonly Measurement[]): Summary[] {
  const groups = new Map<string, Summary & { runs: Measurement[] }>();
  for (const run of measurements) {
    const { model, steps, eta, guidance, window, method } = run;
    const w = window === steps ? "T" : window;
    const setting = `${model} T${steps} eta ${eta} guidance ${guidance} window ${w}`;
    const key = `${setting} ${method}`;
    const group = groups.get(key) ?? { setting, method, runs: [] };
    group.runs.push(run);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Prints one table per setting, with a line per method. */
export function printSummary(
  summaries: readonly Summary[],
  print: (line: string) => void = console.log,
): void {
  for (const setting of new Set(summaries.map((summary) => summary.setting))) {
    const mine = summaries.filter((summary) => summary.setting === setting);
    print(`\n${setting}, ${mine[0].runs.length} seeds`);
    print(
      "method".padEnd(20) +
        ["rounds", "evaluations", "to 1e-2", "to 1e-3", "error", "worst", "PSNR", "doubted"]
          .map((name) => name.padStart(12)).join(""),
    );
    for (const { method, runs } of mine) print(method.padEnd(20) + columns(runs).join(""));
  }
}

function columns(runs: readonly Measurement[]): string[] {
  const errors = runs.map((run) => run.error);
  const figures = [
    mean(runs.map((run) => run.rounds)).toFixed(1),
    mean(runs.map((run) => run.evaluations)).toFixed(0),
    reached(runs.map((run) => run.roundsTo1e2)),
    reached(runs.map((run) => run.roundsTo1e3)),
    median(errors).toExponential(1),
    Math.max(...errors).toExponential(1),
    median(runs.map((run) => run.psnr ?? Infinity)).toFixed(1),
    String(runs.filter((run) => run.trusted === false).length),
  ];
  return figures.map((figure) => figure.padStart(12));
}

/** Formats the mean of the runs that reached it, and their number if not all did. */
function reached(rounds: readonly (number | undefined)[]): string {
  const there = rounds.filter((count) => count !== undefined);
  if (there.length === 0) return "-";
  const share = there.length < rounds.length ? ` ${there.length}/${rounds.length}` : "";
  return mean(there).toFixed(1) + share;
}

/**
 * Bars of TQN: settings at guidance 4, with its highest permitted rounds and evaluations as shares
 * of ParaTAA's.
 */
export const BARS: readonly {
  steps: number;
  eta: number;
  window: number;
  most: [number, number];
}[] = [
  { steps: 50, eta: 0, window: 0, most: [0.67, 0.56] },
  { steps: 50, eta: 1, window: 0, most: [0.65, 0.45] },
  { steps: 100, eta: 0, window: 0, most: [0.72, 0.58] },
  { steps: 50, eta: 0, window: 15, most: [0.73, 0.68] },
];

/** Settings of the flow, at the guidance of its published figures. */
const FLOW_BARS: Omit<Grid, "models" | "seeds" | "methods"> = {
  ...{ steps: [28, 50], etas: [0], guidances: [3], windows: [8, 0] },
};

/** Returns the grids that measure the bars. */
export function barGrids({ models, seeds }: Pick<Grid, "models" | "seeds">): Grid[] {
  const methods = ["parataa-2", "parataa-3", "tqn-plain", "tqn"];
  return models.flatMap((model): Grid[] => {
    if (model === "flow") return [{ models: [model], seeds, methods, ...FLOW_BARS }];
    return BARS.map(({ steps, eta, window }) => ({
      ...{ models: [model], steps: [steps], etas: [eta], guidances: [4], windows: [window] },
      ...{ seeds, methods },
    }));
  });
}

/**
 * Prints the mean rounds and evaluations of every TQN over those of ParaTAA with memory 2 or 3,
 * whichever is lower for each figure.
 */
export function printBars(
  summaries: readonly Summary[],
  print: (line: string) => void = console.log,
): void {
  print("\nover the better of ParaTAA 2 and 3, at their own tolerances");
  for (const setting of new Set(summaries.map((summary) => summary.setting))) {
    const mine = summaries.filter((summary) => summary.setting === setting);
    const theirs = mine.filter(({ method }) => method === "parataa-2" || method === "parataa-3");
    if (theirs.length < 2) continue;
    for (const ours of mine.filter(({ method }) => method.startsWith("tqn"))) {
      const ratio = (figure: "rounds" | "evaluations") => {
        const of = ({ runs }: Summary) => mean(runs.map((run) => run[figure]));
        return (of(ours) / Math.min(...theirs.map(of))).toFixed(3);
      };
      const [rounds, evaluations] = [ratio("rounds"), ratio("evaluations")];
      print(
        `${setting.padEnd(44)}  ${
          ours.method.padEnd(14)
        }  rounds ${rounds}  evaluations ${evaluations}`,
      );
    }
  }
}
