/** One thing that `doctor` looked at. @module */
import { ParataaError } from "../../errors.ts";
import { COLUMNS, NO_BREAK, wrap } from "../../formats/wrap.ts";

/** How it stands: well, not needed here, or in the way. */
export type CheckState = "ok" | "note" | "fail";

/** What was found. */
export interface Check {
  name: string;
  state: CheckState;
  /** One line, or several. */
  text: string;
  /** What to do. */
  hint?: string;
  /** The same for scripts. */
  data?: unknown;
  /** What ends the process, where the check failed. */
  error?: ParataaError;
}

/**
 * Runs a check; what it throws fails it. Our own bugs go through.
 *
 * @param options.state how a failure counts
 * @param options.hint what to do where the failure itself does not say
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

/** Where what was found begins. */
const TEXT_COLUMN = 20;

/** Lines of 80 columns for people: the state, the name, what was found, and under it what to do. */
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
