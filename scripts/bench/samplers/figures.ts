/** The figures of a run: rounds, evaluations, and the error round by round. @module */
import { median } from "../table.ts";
import { barPanel, curvePanel } from "../../../src/report/chart.ts";
import { figure } from "../../../src/report/svg.ts";
import type { Summary } from "./summary.ts";

/** Methods whose curves are drawn: more would hide each other. */
const CURVES = ["fp-T", "parataa-2", "parataa-3", "tqn"];

/** SVG files by name; every setting has a panel in each. */
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

/** Median error of the seeds after every round; a run that has ended keeps its last one. */
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
