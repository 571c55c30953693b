/** Draws the figures of a run: rounds, evaluations, and the error by round. @module */
import { median } from "../table.ts";
import { barPanel, curvePanel } from "../../../src/report/chart.ts";
import { figure } from "../../../src/report/svg.ts";
import type { Summary } from "./summary.ts";

/** Methods whose curves are drawn; more would overlap. */
const CURVES = ["fp-T", "parataa-2", "parataa-3", "tqn"];

/** Returns SVG files by name. Each has one panel per setting. */
export function figures(summaries: readonly Summary[]): Map<string, string> {
  const settings = [...new Set(summaries.map((summary) => summary.setting))];
  const draw = (
    panel: (setting: string, mine: readonly Summary[]) => ReturnType<typeof barPanel>,
  ) =>
    figure(settings.map((s) => panel(s, summaries.filter((summary) => summary.setting === s))), 2);
  const bars = (figure: "rounds" | "evaluations") =>
    draw((setting, mine) =>
      barPanel(
        `${figure}, ${setting}`,
        mine.map(({ method, runs }) => ({ name: method, values: runs.map((run) => run[figure]) })),
      )
    );
  return new Map([
    ["rounds.svg", bars("rounds")],
    ["evaluations.svg", bars("evaluations")],
    ["errors.svg", draw((setting, mine) => curvePanel(`error by round, ${setting}`, curves(mine)))],
  ]);
}

/**
 * Returns the median error over the seeds after every round. A finished run keeps its last error.
 */
function curves(summaries: readonly Summary[]) {
  return summaries.filter(({ method }) => CURVES.includes(method)).map(({ method, runs }) => {
    const rounds = Math.max(...runs.map((run) => run.rounds));
    const values = Array.from(
      { length: rounds },
      (_, i) => median(runs.map(({ errors }) => errors[Math.min(i, errors.length - 1)])),
    );
    return { name: method, values };
  });
}
