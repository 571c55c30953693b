/**
 * Draws charts as SVG: bars, curves over rounds, lines over a swept value. Scales and ticks are
 * those of d3-scale.
 * @module
 */
// @ts-types="npm:@types/d3-scale@4.0.9"
import { scaleLinear, scaleLog } from "npm:d3-scale@4.0.3";
import { highest, lowest } from "./extent.ts";
import { fillOf, MAX_SERIES, numberSeries, type SeriesNumber, strokeOf } from "./series.ts";
import { type Panel, px, svgHeading, svgText } from "./svg.ts";

/** A bar: the mean of its values, with a dot for each value. */
export interface Bar {
  name: string;
  values: readonly number[];
}

/** A curve with y values at x = 1, 2, 3, … */
export interface Curve {
  /** Name in the legend. */
  name: string;
  /** y at x = 1, 2, 3, … */
  values: readonly number[];
}

/** A line through the means of its points, with a dot for each point. */
export interface Line {
  /** Name in the legend. */
  name: string;
  /** Its points, in any order. */
  points: readonly { x: number; y: number }[];
}

/** Scale of an axis. */
export type AxisScale = "linear" | "log";

const WIDTH = 480, LEFT = 130, RIGHT = 400, TOP = 34, ROW = 17, CURVES = 200;
/** Curves have room for axis labels on the left and for the legend below. */
const CURVES_WIDTH = 420, CURVES_LEFT = 50, CURVES_RIGHT = 400, NAME = 15;

/** Maximum number of distinguishable curves in a panel. */
export const MAX_CURVES = MAX_SERIES;

/** Draws horizontal bars from 0 with a dot for every value and the mean as a label. */
export function barPanel(
  title: string,
  bars: readonly Bar[],
  numberOf: SeriesNumber = numberSeries(),
): Panel {
  const most = highest(bars.flatMap((bar) => bar.values));
  const x = scaleLinear().domain([0, most]).range([LEFT, RIGHT - 30]).nice(5);
  const bottom = TOP + bars.length * ROW;
  const rows = bars.map(({ name, values }, i) => {
    const y = TOP + i * ROW, mean = meanOf(values);
    const dots = values.map((value) =>
      `<circle class="dot" cx="${px(x(value))}" cy="${y + 7}" r="2"/>`
    );
    return svgText(name, { x: LEFT - 6, y: y + 11, anchor: "end" }) +
      `<rect x="${LEFT}" y="${y}" width="${px(x(mean) - LEFT)}" height="${ROW - 3}" ${
        fillOf(numberOf(name))
      }/>` + dots.join("") +
      svgText(mean.toFixed(mean < 100 ? 1 : 0), {
        x: x(highest([mean, ...values])) + 5,
        y: y + 11,
      });
  });
  const ticks = x.ticks(5).map((value) => tick(x(value), { label: String(value), bottom }));
  return {
    width: WIDTH,
    height: bottom + 24,
    body: svgHeading(title) + ticks.join("") + rows.join(""),
  };
}

/**
 * Draws curves over rounds. On a logarithmic axis a curve ends at its first value that is not
 * positive.
 *
 * @param scale of the vertical axis
 * @param numberOf numbers of the curves, which determine their colours; the order of the curves by
 *   default
 * @example
 * ```ts
 * import { curvePanel, figure } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const panel = curvePanel("error by round", [{ name: "tqn", values: [1, 0.1, 1e-3] }]);
 * assert.match(figure([panel], 1), /^<svg /);
 * ```
 */
export function curvePanel(
  title: string,
  curves: readonly Curve[],
  scale: AxisScale = "log",
  numberOf: SeriesNumber = numberSeries(),
): Panel {
  const lines = curves.map(({ name, values }) => {
    const end = scale === "log" ? values.findIndex((value) => !(value > 0)) : -1;
    const drawn = end < 0 ? values : values.slice(0, end);
    return { name, points: drawn.map((y, i) => ({ x: i + 1, y })) };
  });
  return drawLines(title, lines, { x: "linear", y: scale, numberOf });
}

/**
 * Draws lines over a swept value, with a dot for every run. A logarithmic axis omits values that
 * are not positive.
 */
export function linePanel(
  title: string,
  lines: readonly Line[],
  { x, y, numberOf = numberSeries() }: { x: AxisScale; y: AxisScale; numberOf?: SeriesNumber },
): Panel {
  const shown = (value: number, scale: AxisScale) =>
    Number.isFinite(value) && (scale === "linear" || value > 0);
  const places = lines.flatMap(({ points }) => points.map((point) => point.x));
  const drawn = lines.map(({ name, points }) => ({
    name,
    points: points.filter((point) => shown(point.x, x) && shown(point.y, y)),
  }));
  const dots = places.filter((place) => shown(place, x));
  return drawLines(title, drawn, { x, y, numberOf, places: dots });
}

interface Drawing {
  x: AxisScale;
  y: AxisScale;
  numberOf: SeriesNumber;
  /** x positions of the ticks, including those of omitted points; curves have none. */
  places?: readonly number[];
}

function drawLines(
  title: string,
  lines: readonly Line[],
  { x: across, y: up, places, numberOf }: Drawing,
): Panel {
  const points = lines.flatMap((line) => line.points);
  const bottom = TOP + CURVES;
  const abscissas = places ?? points.map((point) => point.x);
  const x = axis(across, abscissas, [CURVES_LEFT, CURVES_RIGHT]);
  const heights = points.map((point) => point.y);
  const y = axis(up, up === "linear" ? [0, ...heights] : heights, [bottom, TOP]).nice();
  const grid = y.ticks(up === "log" ? 8 : 6).filter((value) => up === "linear" || isPower(value))
    .map((value) => {
      const at = px(y(value));
      return `<path class="grid" d="M${CURVES_LEFT} ${at}H${CURVES_RIGHT}"/>` +
        svgText(label(value), { x: CURVES_LEFT - 6, y: at + 4, anchor: "end" });
    });
  const values = [...new Set(abscissas)];
  const marked = places && values.length <= 8 ? values : x.ticks(6);
  const ticks = marked.map((value) => tick(x(value), { label: label(value), bottom }));
  const drawn = lines.map(({ name, points }, i) => {
    const number = numberOf(name), fill = fillOf(number);
    const path = means(points).map(([at, mean]) => `${px(x(at))} ${px(y(mean))}`);
    const circles = places
      ? points.map((point) =>
        `<circle cx="${px(x(point.x))}" cy="${px(y(point.y))}" r="2.5" ${fill}/>`
      )
      : [];
    const line = path.length === 0
      ? ""
      : `<path d="M${path.join("L")}" fill="none" ${strokeOf(number)} stroke-width="1.5"/>`;
    const below = bottom + 28 + i * NAME;
    return line + circles.join("") +
      `<path d="M${CURVES_LEFT} ${below + 4}h16" ${strokeOf(number)} stroke-width="4"/>` +
      svgText(name, { x: CURVES_LEFT + 22, y: below + 8 });
  });
  const body = svgHeading(title) + grid.join("") + ticks.join("") + drawn.join("");
  return { width: CURVES_WIDTH, height: bottom + 32 + lines.length * NAME, body };
}

/** Mean y at every x, from left to right. */
function means(points: Line["points"]): [x: number, mean: number][] {
  const places = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b);
  return places.map((at) => [at, meanOf(points.filter(({ x }) => x === at).map(({ y }) => y))]);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function axis(kind: AxisScale, values: readonly number[], range: [number, number]) {
  const low = lowest(values), high = highest(values);
  const apart = high > low ? high : kind === "log" ? low * 10 : low + 1;
  return (kind === "log" ? scaleLog() : scaleLinear()).domain(
    values.length === 0 ? [1, 2] : [low, apart],
  ).range(range);
}

function isPower(value: number): boolean {
  return Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
}

function label(value: number): string {
  const small = value !== 0 && Math.abs(value) < 1e-2;
  return small ? value.toExponential().replace(/\.0+e/, "e") : String(Number(value.toPrecision(6)));
}

function tick(x: number, { label, bottom }: { label: string; bottom: number }): string {
  return `<path class="grid" d="M${px(x)} ${TOP}V${bottom}"/>` +
    svgText(label, { x, y: bottom + 14, anchor: "middle" });
}
