/** The frame around a script: errors become one line and a documented exit code, signals stop it well. @module */
import { ParataaError } from "../errors.ts";
import { asFlag } from "../arguments/setting_names.ts";
import { describeFailure } from "../runs/failure.ts";
import { leaveAtOnce } from "../runtime/leave.ts";
import { oneLine } from "../text.ts";
import { tell } from "./print.ts";
import { withPermissionLine } from "./permission_hint.ts";
import { inOurWords } from "./program_name.ts";

/** Exit codes of a run that a signal stopped. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** A signal ends a run within two seconds: tidying up may take so many milliseconds of them. */
const TIDY_MS = 1000;

/** Ends a run on a signal; the reason of the abort that the run sees. */
export class Interrupted extends Error {
  override name = "Interrupted";
  /** How to go on. */
  hint?: string;
  /** @param exitCode 128 + the signal's number */
  constructor(readonly exitCode: number) {
    super("stopped by a signal");
  }
}

/**
 * Runs a script and ends the process.
 *
 * The first SIGHUP, SIGINT or SIGTERM aborts `signal`, and the script leaves with 129, 130 or 143 once it has tidied up. A second one, or
 * tidying that takes too long, ends the process at once and may leave a manifest that says "running"; `--resume` takes that up as well.
 */
export async function runMain(
  script: (args: readonly string[], signal: AbortSignal) => Promise<unknown>,
  args: readonly string[],
): Promise<never> {
  const controller = new AbortController();
  for (const [name, exitCode] of Object.entries(SIGNALS)) {
    Deno.addSignalListener(name as Deno.Signal, () => {
      if (controller.signal.aborted) leaveAtOnce(exitCode);
      controller.abort(new Interrupted(exitCode));
      setTimeout(() => leaveAtOnce(exitCode), TIDY_MS);
    });
  }
  try {
    await script(args, controller.signal);
  } catch (error) {
    const { line, exitCode } = describeError(error, args);
    tell(line);
    if (args.includes("--debug")) { for (const frame of stackLines(error)) tell(frame); }
    Deno.exit(exitCode);
  }
  Deno.exit(0);
}

/**
 * One line for standard error, `parataa: E_NAME: what - hint`, and the exit code.
 *
 * @param args the command line, for a line that may do what this one may not
 */
export function describeError(
  error: unknown,
  args: readonly string[] = [],
): { line: string; exitCode: number; code: string; message: string } {
  if (error instanceof ParataaError) error.respell(asFlag);
  const { code, exitCode, message, hint } = error instanceof Interrupted
    ? { code: "E_INTERRUPTED", exitCode: error.exitCode, message: error.message, hint: error.hint }
    : describeFailure(error);
  const help = hint && ` - ${oneLine(inOurWords(withPermissionLine(hint, args)))}`;
  const line = `parataa: ${code}: ${oneLine(message)}${help ?? ""}`;
  return { line, exitCode, code, message: oneLine(message) };
}

/** A command whose errors name flags, not settings. */
export function flagged<T>(
  command: (args: readonly string[], signal: AbortSignal) => Promise<T>,
): (args: readonly string[], signal: AbortSignal) => Promise<T> {
  return async (args, signal) => {
    try {
      return await command(args, signal);
    } catch (error) {
      if (error instanceof ParataaError) error.respell(asFlag);
      throw error;
    }
  };
}

/** Most errors in a chain of causes that are shown. */
const MAX_CAUSES = 10;

/** The stack of an error and of its causes. Messages, which may quote files, take one line each. */
export function stackLines(error: unknown): string[] {
  const lines: string[] = [];
  for (
    let at = error, depth = 0;
    at instanceof Error && depth <= MAX_CAUSES;
    at = at.cause, depth++
  ) {
    const frames = at.stack?.match(/^ {4}at .*$/gm) ?? [];
    lines.push(`${depth ? "caused by " : ""}${at.name}: ${oneLine(at.message)}`, ...frames);
  }
  return lines;
}
