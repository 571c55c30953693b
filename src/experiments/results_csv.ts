/** `results.csv`: a line per sample. @module */
import { relative } from "node:path";
import type { MeasuredSample } from "./measured_run.ts";

const COLUMNS = [
  ...["sampler", "seed", "steps", "window", "order", "memory", "tol", "rounds", "nfe", "seconds"],
  ...["residual", "psnr_db", "ssim", "max_abs"],
];

/** Where the runs lie and what they differ in. */
export interface ResultsOptions {
  /** The experiment's folder. */
  root: string;
  /** Flags of its grid or list. */
  swept: readonly string[];
}

/**
 * The whole file: the columns that every experiment has, one for each swept flag that is none of them, then the sample's number and its
 * run's folder. Images that are equal have a PSNR of `inf`.
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

/** As RFC 4180 wants it; a prompt may hold commas, quotes and line feeds. */
function quoted(value: unknown): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** To a hundredth; `inf` for equal images. */
export function decibels(psnr: number): string {
  return Number.isFinite(psnr) ? psnr.toFixed(2) : "inf";
}

function short(value: number): string {
  return value === 0 ? "0" : value.toExponential(3);
}
