/** Writes `results.csv`, one line per sample. @module */
import { relative } from "node:path";
import type { MeasuredSample } from "./measured_run.ts";

const COLUMNS = [
  ...["sampler", "seed", "steps", "window", "order", "memory", "tol", "rounds", "nfe", "seconds"],
  ...["residual", "psnr_db", "ssim", "max_abs"],
];

/** Options of {@link resultsCsv}. */
export interface ResultsOptions {
  /** The experiment's folder. */
  root: string;
  /** Swept flags. */
  swept: readonly string[];
}

/**
 * Content of the file: the fixed columns, one column per swept flag that is not among them, the
 * number of the sample and the folder of its run. Equal images have a PSNR of `inf`.
 */
export function resultsCsv(
  samples: readonly MeasuredSample[],
  { root, swept }: ResultsOptions,
): string {
  const flags = swept.filter((name) => !COLUMNS.includes(name));
  const lines = samples.map((sample) => {
    const { cell, path, index, settings, seed, timesteps, figures } = sample;
    const { window, order, memory, tol } = settings;
    const { rounds, nfe, seconds, residual, psnr_db, ssim, max_abs } = figures;
    return [
      ...[cell.method, seed, timesteps, window, order, memory, tol, rounds, nfe],
      ...[seconds.toFixed(3), short(residual), decibels(psnr_db), ssim.toFixed(6), short(max_abs)],
      ...flags.map((name) => cell.swept[name] ?? sample.arguments[name] ?? ""),
      ...[index, relative(root, path).replaceAll("\\", "/")],
    ].map(quoted).join();
  });
  return [[...COLUMNS, ...flags, "sample", "run"].map(quoted).join(), ...lines, ""].join("\n");
}

/** Quotes a field as RFC 4180 requires; a prompt may contain commas, quotes and line feeds. */
function quoted(value: unknown): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** PSNR rounded to two decimals; `inf` for equal images. */
export function decibels(psnr: number): string {
  return Number.isFinite(psnr) ? psnr.toFixed(2) : "inf";
}

function short(value: number): string {
  return value === 0 ? "0" : value.toExponential(3);
}
