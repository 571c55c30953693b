/**
 * Runs a script: prints an error as one line, exits with a documented code and handles signals.
 * @module
 */
import { ParataaError } from "../errors.ts";
import { asFlag } from "../arguments/setting_names.ts";
import { describeFailure } from "../runs/failure.ts";
import { exitWithoutCleanup } from "../runtime/leave.ts";
import { oneLine } from "../text.ts";
import { printStatus } from "./print.ts";
import { withPermissionLine } from "./permission_hint.ts";
import { withProgramName } from "./program_name.ts";

/** Exit codes by signal. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Maximum time for cleanup after a signal. The process must exit within two seconds. */
const TIDY_MS = 1000;

/** Abort reason of a run that a signal stopped. */
export class Interrupted extends Error {
  override name = "Interrupted";
  /** How to resume. */
  hint?: string;
  /** @param exitCode 128 + the signal's number */
  constructor(readonly exitCode: number) {
    super("stopped by a signal");
  }
}

/**
 * Runs a script and exits. The first SIGHUP, SIGINT or SIGTERM aborts `signal`; the process exits
 * with 129, 130 or 143 after cleanup. After a second signal, or if cleanup takes too long, it exits
 * at once and may leave a manifest with the status "running", which `--resume` accepts too.
 */
export async function runMain(
  script: (args: readonly string[], signal: AbortSignal) => Promise<unknown>,
  args: readonly string[],
): Promise<never> {
  const controller = new AbortController();
  for (const [name, exitCode] of Object.entries(SIGNALS)) {
    Deno.addSignalListener(name as Deno.Signal, () => {
      if (controller.signal.aborted) exitWithoutCleanup(exitCode);
      controller.abort(new Interrupted(exitCode));
      setTimeout(() => exitWithoutCleanup(exitCode), TIDY_MS);
    });
  }
  try {
    await script(args, controller.signal);
  } catch (error) {
    const { line, exitCode } = describeError(error, args);
    printStatus(line);
    if (args.includes("--debug")) { for (const frame of stackLines(error)) printStatus(frame); }
    Deno.exit(exitCode);
  }
  Deno.exit(0);
}

/**
 * Formats an error as `parataa: E_NAME: what - hint`, with its exit code.
 *
 * @param args the command line, to suggest one with the missing permission
 */
export function describeError(
  error: unknown,
  args: readonly string[] = [],
): { line: string; exitCode: number; code: string; message: string } {
  if (error instanceof ParataaError) error.respell(asFlag);
  const { code, exitCode, message, hint } = error instanceof Interrupted
    ? { code: "E_INTERRUPTED", exitCode: error.exitCode, message: error.message, hint: error.hint }
    : describeFailure(error);
  const help = hint && ` - ${oneLine(withProgramName(withPermissionLine(hint, args)))}`;
  const line = `parataa: ${code}: ${oneLine(message)}${help ?? ""}`;
  return { line, exitCode, code, message: oneLine(message) };
}

/** Wraps a command so that its errors name flags instead of settings. */
export function withFlagNames<T>(
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

/** Maximum number of causes in a stack. */
const MAX_CAUSES = 10;

/** Stack of an error and its causes. Each message is one line, since it may quote files. */
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
