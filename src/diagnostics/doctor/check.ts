/** A check of `doctor` and its output. @module */
import { ParataaError } from "../../errors.ts";
import { COLUMNS, NO_BREAK, wrap } from "../../formats/wrap.ts";

/** Result of a check: passed, not needed, or failed. */
export type CheckState = "ok" | "note" | "fail";

/** A check and its result. */
export interface Check {
  name: string;
  state: CheckState;
  /** Description of the result, one or more lines. */
  text: string;
  /** What the user can do. */
  hint?: string;
  /** The result as data, for JSON. */
  data?: unknown;
  /** Error of a failed check, thrown at the end. */
  error?: ParataaError;
}

/**
 * Runs a check; a `ParataaError` becomes a failed check. Other errors are bugs and are rethrown.
 *
 * @param options.state state of a failed check
 * @param options.hint hint for errors without one
 */
export async function attempt(
  name: string,
  run: () => Check | Promise<Check>,
  options: { state?: CheckState; hint?: string } = {},
): Promise<Check> {
  const { state = "fail" } = options;
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ParataaError)) throw error;
    return { name, state, text: error.message, hint: error.hint ?? options.hint, error };
  }
}

const MARKS: Record<CheckState, string> = { ok: "ok  ", note: "note", fail: "FAIL" };

/** Column where the description begins. */
const TEXT_COLUMN = 20;

/** Output lines of a check, 80 columns wide: state, name, description and hint. */
export function checkLines({ name, state, text, hint }: Check): string[] {
  const lines = text.split("\n").flatMap((line) => wrap(line, COLUMNS - TEXT_COLUMN));
  if (hint !== undefined && state !== "ok") {
    lines.push(...wrap(`->${NO_BREAK}${hint}`, COLUMNS - TEXT_COLUMN));
  }
  const head = `${MARKS[state]} ${name}`;
  return lines.map((line, i) => (i === 0 ? head : "").padEnd(TEXT_COLUMN) + line);
}

/** A check as JSON. */
export function checkEvent({ error, ...check }: Check): Record<string, unknown> {
  return { ...check, code: error?.code };
}
