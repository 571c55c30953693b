/** Stores measurements as JSON lines, so that a finished cell is not measured again. @module */
import { appendFile } from "node:fs/promises";
import { FormatError } from "../../../src/errors.ts";
import type { Cell } from "./cells.ts";

/** One line of the file. */
export interface Measurement extends Cell {
  /** Result of `cellKey` of {@link file://./cells.ts}. */
  key: string;
  rounds: number;
  /** Guided network calls, one per step. */
  evaluations: number;
  /**
   * Rounds after which x_0 stays within 1e-2 and 1e-3 of the sequential one; absent if the run
   * stopped before.
   */
  roundsTo1e2?: number;
  roundsTo1e3?: number;
  /** Relative RMS difference of x_0 to the sequential one, finally and after every round. */
  error: number;
  errors: number[];
  /** Whether the solver trusts the sample; absent in files of older versions. */
  trusted?: boolean;
  /** Decibels; absent if the images are equal. */
  psnr?: number;
  /** Wall time of sampling, with the network. */
  seconds: number;
}

/** The file, open for appending. */
export class ResultsFile {
  readonly #path: string;
  readonly #measurements: Map<string, Measurement>;

  private constructor(path: string, measurements: Map<string, Measurement>) {
    this.#path = path;
    this.#measurements = measurements;
  }

  /**
   * Reads a file and opens it for appending; a missing file is empty. An unfinished last line of a
   * killed process is cut off.
   *
   * @throws {FormatError} if another line is not a measurement
   */
  static async open(path: string): Promise<ResultsFile> {
    const text = await Deno.readTextFile(path).catch((error: unknown) => {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    });
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    const measurements = whole.split("\n").slice(0, -1).map((line, i) => {
      try {
        const measurement: Measurement = JSON.parse(line);
        if (typeof measurement.key === "string") return measurement;
      } catch { /* told below */ }
      throw new FormatError(`${path}, line ${i + 1} is not a measurement`, {
        hint: "move the file away to measure again",
      });
    });
    if (whole !== text) await Deno.writeTextFile(path, whole);
    return new ResultsFile(path, new Map(measurements.map((m) => [m.key, m])));
  }

  /** Returns the measurement of a key, if there is one. */
  get(key: string): Measurement | undefined {
    return this.#measurements.get(key);
  }

  /** Appends a measurement. It is on disk when the promise settles. */
  async add(measurement: Measurement): Promise<void> {
    await appendFile(this.#path, JSON.stringify(measurement) + "\n");
    this.#measurements.set(measurement.key, measurement);
  }
}

const COLUMNS = [
  ...["model", "steps", "eta", "guidance", "window", "method", "seed", "rounds", "evaluations"],
  ...["roundsTo1e2", "roundsTo1e3", "error", "trusted", "psnr", "seconds"],
] as const satisfies readonly (keyof Measurement)[];

/**
 * Formats comma-separated values with a header. An absent value is empty; equal images have PSNR
 * `inf`.
 */
export function toCsv(measurements: readonly Measurement[]): string {
  const lines = measurements.map((m) =>
    COLUMNS.map((column) => m[column] ?? (column === "psnr" ? "inf" : "")).join(",")
  );
  return [COLUMNS.join(","), ...lines, ""].join("\n");
}
