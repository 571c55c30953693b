/** Plots of an experiment. @module */
import {
  type AxisScale,
  barPanel,
  type Curve,
  curvePanel,
  type Line,
  linePanel,
  MAX_CURVES,
} from "../report/chart.ts";
import { highest, lowest } from "../report/extent.ts";
import { numberSeries, type SeriesNumber } from "../report/series.ts";
import type { Panel } from "../report/svg.ts";
import { type Cell, settingName } from "./cells.ts";
import type { Metric } from "./definition.ts";
import type { MeasuredSample } from "./measured_run.ts";

/** Panels of one plot file. */
export interface ChartFile {
  /** File name without extension. */
  name: string;
  /** Description for readers. */
  label: string;
  panels: readonly Panel[];
}

/** Names of the metrics. */
export const METRIC_NAMES: Readonly<Record<Metric, string>> = {
  rounds: "rounds",
  nfe: "evaluations",
  seconds: "seconds",
  residual: "last residual",
  psnr_db: "PSNR in dB",
  ssim: "SSIM",
  max_abs: "largest latent difference",
};
const LOGARITHMIC: readonly Metric[] = ["residual", "max_abs"];
/** Minimum ratio of a swept range that is drawn on a logarithmic axis. */
const WIDE = 8;
/** Maximum number of panels of curves; the table and the samples show the rest. */
const MAX_PANELS = 6;

/** Plots every metric over every swept flag, and the residuals and finished indexes over rounds. */
export function experimentCharts(
  samples: readonly MeasuredSample[],
  { metrics, swept }: { metrics: readonly Metric[]; swept: readonly string[] },
): ChartFile[] {
  const axes = independent(swept, samples.map(({ cell }) => cell));
  const numberOf = numberSeries();
  const files = metrics.map((metric) => ({
    name: metric,
    label: METRIC_NAMES[metric],
    panels: metricPanels(samples, metric, { axes, numberOf }),
  }));
  return [
    ...files,
    roundsFile(samples, {
      ...{ name: "residual_by_round", title: "largest residual by round", scale: "log", numberOf },
      of: (sample) => sample.residuals,
    }),
    roundsFile(samples, {
      ...{ name: "finished_by_round", title: "finished index by round", scale: "linear", numberOf },
      of: (sample) => sample.finished,
    }),
  ].filter((file) => file.panels.length > 0);
}

/** Swept flags without those that depend on another one, as tol2 depends on tol1. */
function independent(swept: readonly string[], cells: readonly Cell[]): string[] {
  const follows = (name: string, other: string) => {
    const pairs = cells.filter(({ swept }) => name in swept && other in swept)
      .map(({ swept }) => JSON.stringify([swept[name], swept[other]]));
    const values = (flag: string) =>
      new Set(cells.map((cell) => cell.swept[flag]).filter((v) => v !== undefined)).size;
    const distinct = new Set(pairs).size;
    return distinct > 0 && distinct === values(name) && distinct === values(other);
  };
  return swept.filter((name, i) => !swept.slice(0, i).some((other) => follows(name, other)));
}

function metricPanels(
  samples: readonly MeasuredSample[],
  metric: Metric,
  { axes, numberOf }: { axes: readonly string[]; numberOf: SeriesNumber },
): Panel[] {
  const panels = axes.map((flag) => sweepPanel(samples, metric, { flag, axes, numberOf })).filter((
    p,
  ) => p !== null);
  if (panels.length > 0) return panels;
  const bars = groups(samples, ({ cell }) => settingName(cell)).map(([name, mine]) => ({
    name,
    values: mine.map((sample) => sample.figures[metric]).filter(Number.isFinite),
  })).filter((bar) => bar.values.length > 0);
  return bars.length > 0 ? [barPanel(METRIC_NAMES[metric], bars, numberOf)] : [];
}

/**
 * Plots a metric over one flag, one line per combination of the others; `null` if the flag has
 * fewer than two numeric values.
 */
function sweepPanel(
  samples: readonly MeasuredSample[],
  metric: Metric,
  { flag, axes, numberOf }: {
    flag: string;
    axes: readonly string[];
    numberOf: SeriesNumber;
  },
): Panel | null {
  const mine = samples.filter(({ cell }) => typeof cell.swept[flag] === "number");
  const valuesOf = (some: readonly MeasuredSample[]) =>
    new Set(some.map(({ cell }) => Number(cell.swept[flag])));
  const values = valuesOf(mine);
  if (values.size < 2) return null;
  const others = ({ cell }: MeasuredSample) => {
    const rest = Object.entries(cell.swept).filter(([name]) =>
      name !== flag && axes.includes(name)
    );
    return settingName({ method: cell.method, swept: Object.fromEntries(rest) });
  };
  // Entries of a `list` that differ in another flag too are shown only in the table: a mean over
  // both would be meaningless.
  const separate = groups(mine, others).filter(([, some]) => valuesOf(some).size > 1);
  const isSeparate = separate.length > 0 && separate.length <= MAX_CURVES;
  const lines = isSeparate ? separate : groups(mine, ({ cell }) => cell.method);
  const [low, high] = [lowest(values), highest(values)];
  const x: AxisScale = low > 0 && high / low >= WIDE ? "log" : "linear";
  const mean = isSeparate ? "" : " (mean over the other flags)";
  const equal = mine.some(({ figures }) => !Number.isFinite(figures[metric]));
  return linePanel(
    `${METRIC_NAMES[metric]} over ${flag}${mean}${equal ? ", without equal images" : ""}`,
    lines.map(([name, some]): Line => ({
      name,
      points: some.map(({ cell, figures }) => ({
        x: Number(cell.swept[flag]),
        y: figures[metric],
      })),
    })),
    { x, y: LOGARITHMIC.includes(metric) ? "log" : "linear", numberOf },
  );
}

interface RoundsChart {
  name: string;
  title: string;
  scale: AxisScale;
  numberOf: SeriesNumber;
  of: (sample: MeasuredSample) => readonly number[];
}

/** Plots one curve per setting, the mean of its samples; a finished sample keeps its last value. */
function roundsFile(
  samples: readonly MeasuredSample[],
  { name, title, scale, numberOf, of }: RoundsChart,
): ChartFile {
  const parallel = samples.filter((sample) => sample.rounds.length > 0);
  const curves = groups(parallel, ({ cell }) => settingName(cell)).map(([name, mine]): Curve => {
    const rounds = highest(mine.map((sample) => of(sample).length));
    const at = (values: readonly number[], round: number) =>
      values[Math.min(round, values.length - 1)];
    const mean = (round: number) =>
      mine.reduce((sum, sample) => sum + at(of(sample), round), 0) / mine.length;
    return { name, values: Array.from({ length: rounds }, (_, round) => mean(round)) };
  });
  const panels: Panel[] = [];
  for (let i = 0; i < curves.length && panels.length < MAX_PANELS; i += MAX_CURVES) {
    panels.push(curvePanel(title, curves.slice(i, i + MAX_CURVES), scale, numberOf));
  }
  return { name, label: title, panels };
}

/** Groups samples by a name, in order of first appearance. */
export function groups(
  samples: readonly MeasuredSample[],
  name: (sample: MeasuredSample) => string,
): [name: string, samples: MeasuredSample[]][] {
  return [...Map.groupBy(samples, name)];
}
