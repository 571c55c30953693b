/** One thing that `doctor` looked at. @module */
import { ParataaError } from "../../errors.ts";

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

/** Lines for people: the state, the name, what was found, and under it what to do. */
export function checkLines({ name, state, text, hint }: Check): string[] {
  const indent = " ".repeat(20);
  const [first, ...more] = text.split("\n");
  const lines = [
    `${MARKS[state]} ${name.padEnd(14)} ${first}`,
    ...more.map((line) => indent + line),
  ];
  if (hint !== undefined && state !== "ok") lines.push(`${indent}-> ${hint}`);
  return lines;
}

/** A check as JSON. */
export function checkEvent({ error, ...check }: Check): Record<string, unknown> {
  return { ...check, code: error?.code };
}
