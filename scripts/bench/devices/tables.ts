/** Markdown tables of the device benchmark. @module */
import { type BenchRow, formatValue } from "../table.ts";
import { GPUS } from "./gpus.ts";
import { fastest, type GridCell, splitGuidanceSpeed } from "./speed_grid.ts";

/** Returns the speeds at T steps; the best window of each network and number of devices is bold. */
export function speedTable(grid: readonly GridCell[], steps: number): string {
  const cells = grid.filter((cell) => cell.steps === steps);
  const counts = distinct(cells.map(({ devices }) => devices));
  const rows = Object.keys(GPUS).flatMap((gpu) => {
    const mine = cells.filter((cell) => cell.gpu === gpu);
    const best = counts.map((devices) => fastest(mine.filter((cell) => cell.devices === devices)));
    const split = counts.map((devices) => devices === 2 ? speedText(splitGuidanceSpeed(gpu)) : "");
    const baseline = counts.includes(2) ? [[gpu, "CFG split", ...split]] : [];
    const windows = distinct(mine.map(({ window }) => window)).map((window) => [
      ...[gpu, windowName({ window, steps })],
      ...mine.filter((cell) => cell.window === window).map((cell) => {
        const text = speedText(cell.speed);
        return best.includes(cell) ? `**${text}**` : text;
      }),
    ]);
    return [...baseline, ...windows];
  });
  const head = ["network", "window", ...counts.map((count) => `${count} device${plural(count)}`)];
  return table(head, rows, 2);
}

/** Returns rounds, evaluations and the share of the own time on a number of A100s, by window. */
export function roundsTable(grid: readonly GridCell[], devices: number): string {
  const cells = grid.filter((cell) => cell.gpu === "A100" && cell.devices === devices);
  const rows = cells.map((cell) => [
    ...[String(cell.steps), windowName(cell)],
    ...[cell.rounds.toFixed(1), cell.evaluations.toFixed(0)],
    ...[cell.milliseconds.toFixed(0), percent(cell.ownShare), percent(cell.poolShare)],
  ]);
  const head = ["T", "window", "rounds", "evaluations", "ms per image", "own time", "of it pool"];
  return table(head, rows, 2);
}

/** Returns measured figures. */
export function figuresTable(rows: readonly BenchRow[]): string {
  const head = ["conditions", "quantity", "measured", "remark"];
  const cells = rows.map(({ group, name, value, unit, note = "" }) => [
    ...[group, name, `${formatValue(value)} ${unit}`, note],
  ]);
  return table(head, cells, head.length);
}

/** A window of all steps is T. */
export function windowName({ window, steps }: { window: number; steps: number }): string {
  return window === steps ? "T" : String(window);
}

/** Formats a share. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function speedText(speed: number): string {
  return speed.toFixed(2);
}

function plural(count: number): string {
  return count === 1 ? "" : "s";
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/** Formats a table; its first `labels` columns are text, the others numbers. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  labels: number,
): string {
  const rule = head.map((_, i) => i < labels ? "---" : "--:");
  return [head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
