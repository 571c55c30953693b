/** Charts as SVG text: rows of bars, and curves over rounds. Scales and their ticks are d3-scale's. @module */
// @ts-types="npm:@types/d3-scale@4.0.9"
import { scaleLinear, scaleLog } from "d3-scale";

/** A chart as wide as {@link PANEL_WIDTH}. */
export interface Panel {
  height: number;
  /** SVG elements, from (0, 0). */
  body: string;
}

/** One bar: the mean of its values, with a dot for each. */
export interface Bar {
  name: string;
  values: readonly number[];
}

/** One curve: y at x = 1, 2, 3, … */
export interface Curve {
  name: string;
  values: readonly number[];
}

/** Width of a panel in pixels. */
export const PANEL_WIDTH = 420;

const LEFT = 130, RIGHT = PANEL_WIDTH - 20, TOP = 34, ROW = 17, CURVES = 200;
/** Okabe and Ito's colours, told apart by colour-blind people too. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/** Horizontal bars from 0 with a dot for every value, the mean written behind. */
export function barPanel(title: string, bars: readonly Bar[]): Panel {
  const most = Math.max(...bars.flatMap((bar) => bar.values));
  const x = scaleLinear().domain([0, most]).range([LEFT, RIGHT - 30]).nice(5);
  const bottom = TOP + bars.length * ROW;
  const rows = bars.map(({ name, values }, i) => {
    const y = TOP + i * ROW, mean = values.reduce((a, b) => a + b, 0) / values.length;
    const dots = values.map((value) =>
      `<circle cx="${px(x(value))}" cy="${y + 7}" r="2" fill="#000" fill-opacity="0.4"/>`
    );
    return text(name, { x: LEFT - 6, y: y + 11, anchor: "end" }) +
      `<rect x="${LEFT}" y="${y}" width="${px(x(mean) - LEFT)}" height="${ROW - 3}" fill="${
        COLOURS[name.startsWith("tqn") ? 1 : 5]
      }"/>` + dots.join("") +
      text(mean.toFixed(mean < 100 ? 1 : 0), {
        x: x(Math.max(mean, ...values)) + 5,
        y: y + 11,
        anchor: "start",
      });
  });
  const ticks = x.ticks(5).map((value) => tick(x(value), { label: String(value), bottom }));
  return { height: bottom + 24, body: heading(title) + ticks.join("") + rows.join("") };
}

/** Curves with a logarithmic y axis; values that are not positive end a curve. */
export function curvePanel(title: string, curves: readonly Curve[]): Panel {
  const drawn = curves.map(({ name, values }) => {
    const end = values.findIndex((value) => !(value > 0));
    return { name, values: end < 0 ? values : values.slice(0, end) };
  });
  const all = drawn.flatMap((curve) => curve.values);
  const x = scaleLinear().domain([1, Math.max(2, ...drawn.map((c) => c.values.length))])
    .range([LEFT - 80, RIGHT - 60]);
  const y = scaleLog().domain([Math.min(...all), Math.max(...all)]).range([TOP + CURVES, TOP])
    .nice();
  const bottom = TOP + CURVES;
  const [low, high] = y.domain().map(Math.log10);
  const powers = Array.from({ length: Math.round(high - low) + 1 }, (_, i) => Math.round(low) + i);
  const grid = powers.map((power) => {
    const at = px(y(10 ** power));
    return `<path d="M${LEFT - 80} ${at}H${RIGHT - 60}" stroke="#ddd"/>` +
      text(`1e${power}`, { x: LEFT - 86, y: at + 4, anchor: "end" });
  });
  const lines = drawn.map(({ name, values }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const points = values.map((value, round) => `${px(x(round + 1))} ${px(y(value))}`);
    return `<path d="M${points.join("L")}" fill="none" stroke="${colour}" stroke-width="1.5"/>` +
      `<rect x="${RIGHT - 54}" y="${TOP + i * 14}" width="8" height="8" fill="${colour}"/>` +
      text(name, { x: RIGHT - 42, y: TOP + i * 14 + 8, anchor: "start" });
  });
  const ticks = x.ticks(6).map((value) => tick(x(value), { label: String(value), bottom }));
  return {
    height: bottom + 24,
    body: heading(title) + grid.join("") + ticks.join("") + lines.join(""),
  };
}

/** A whole picture: panels side by side, as many a row as `perRow`. */
export function figure(panels: readonly Panel[], perRow: number): string {
  let top = 0, body = "";
  for (let i = 0; i < panels.length; i += perRow) {
    const row = panels.slice(i, i + perRow);
    row.forEach((panel, column) => {
      body += `<g transform="translate(${column * (PANEL_WIDTH + 60)} ${top})">${panel.body}</g>\n`;
    });
    top += Math.max(...row.map((panel) => panel.height)) + 12;
  }
  const width = Math.min(perRow, panels.length) * (PANEL_WIDTH + 60);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" ` +
    `viewBox="0 0 ${width} ${top}" font-family="sans-serif" font-size="11">\n` +
    `<rect width="100%" height="100%" fill="#fff"/>\n${body}</svg>\n`;
}

function px(value: number): number {
  return Math.round(value * 10) / 10;
}

function text(
  content: string,
  { x, y, anchor }: { x: number; y: number; anchor: "start" | "middle" | "end" },
): string {
  const safe = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${safe}</text>`;
}

function heading(title: string): string {
  return `<g font-size="13" font-weight="bold">${
    text(title, { x: 0, y: 18, anchor: "start" })
  }</g>`;
}

function tick(x: number, { label, bottom }: { label: string; bottom: number }): string {
  return `<path d="M${px(x)} ${TOP}V${bottom}" stroke="#ddd"/>` +
    text(label, { x, y: bottom + 14, anchor: "middle" });
}
