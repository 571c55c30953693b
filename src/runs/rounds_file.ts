/** `rounds.csv`: evaluated steps and residuals of every round of a sample. @module */
import { FormatError } from "../errors.ts";

/** State of one round. */
export interface RoundRow {
  /** From 1. */
  round: number;
  /** First step of the window, inclusive. */
  windowStart: number;
  /** Last step of the window, exclusive. */
  windowEnd: number;
  /** Guided network calls, one per step. */
  evaluations: number;
  /** Highest unfinished step after the round; the chain is solved at 0. */
  finishedIndex: number;
  /**
   * RMS residual of the steps `windowStart` … `windowEnd − 1` before the update; NaN for steps that
   * the round did not evaluate.
   */
  residuals: ArrayLike<number>;
}

const COLUMNS = ["round", "window_start", "window_end", "evaluations", "finished_index"];
const NUMBER = /^(?:[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?)?$/;
/** Significant digits of a residual; the file is for reading, not for computation. */
const DIGITS = 4;

/**
 * Content of the file: one row per round, one column per step. A cell is empty if the round did not
 * evaluate the step.
 */
export function encodeRounds(rounds: readonly RoundRow[], numSteps: number): Uint8Array {
  const steps = Array.from({ length: numSteps }, (_, t) => `residual_${t}`);
  const lines = rounds.map((row) => {
    const { round, windowStart, windowEnd, evaluations, finishedIndex, residuals } = row;
    const cells = steps.map((_, t) => {
      const residual = t < windowStart || t >= windowEnd ? NaN : residuals[t - windowStart];
      return Number.isNaN(residual) ? "" : residual.toExponential(DIGITS - 1);
    });
    return [round, windowStart, windowEnd, evaluations, finishedIndex, ...cells].join();
  });
  return new TextEncoder().encode([[...COLUMNS, ...steps].join(), ...lines, ""].join("\n"));
}

/**
 * Parses the file. `residuals` has an entry for every step of the window.
 *
 * @throws {FormatError} naming the invalid line
 */
export function readRounds(bytes: Uint8Array, { file }: { file: string }): RoundRow[] {
  const [head, ...lines] = new TextDecoder().decode(bytes).split("\n");
  const columns = head.split(",");
  const expected = COLUMNS.every((name, i) => columns[i] === name) && lines.pop() === "";
  if (!expected) throw new FormatError(`${file} holds no rounds, wanted ${COLUMNS.join()},…`);
  return lines.map((line, i) => {
    const cells = line.split(",");
    const numbers = cells.map((cell) => NUMBER.test(cell) ? Number(cell || NaN) : undefined);
    const [round, windowStart, windowEnd, evaluations, finishedIndex, ...steps] = numbers;
    const sound = cells.length === columns.length && !numbers.includes(undefined) &&
      round === i + 1 && windowStart! <= windowEnd! && windowEnd! <= steps.length;
    if (!sound) {
      throw new FormatError(`${file}, line ${i + 2} is not a round of ${columns.length} columns`);
    }
    return {
      round,
      windowStart: windowStart!,
      windowEnd: windowEnd!,
      evaluations: evaluations!,
      finishedIndex: finishedIndex!,
      residuals: (steps as number[]).slice(windowStart, windowEnd),
    };
  });
}
