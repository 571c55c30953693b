/** The frame around a script: errors become one line and a documented exit code, signals stop it well. @module */
import { ParataaError } from "../errors.ts";
import { fileFaultOf } from "../formats/file_fault.ts";
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
  const { code, exitCode, message, hint } = classify(error);
  const help = hint && ` - ${oneLine(inOurWords(withPermissionLine(hint, args)))}`;
  const line = `parataa: ${code}: ${oneLine(message)}${help ?? ""}`;
  return { line, exitCode, code, message: oneLine(message) };
}

interface Classified {
  code: string;
  exitCode: number;
  message: string;
  hint?: string;
}

function classify(error: unknown): Classified {
  if (error instanceof ParataaError) return error;
  if (error instanceof Interrupted) {
    const { exitCode, message, hint } = error;
    return { code: "E_INTERRUPTED", exitCode, message, hint };
  }
  if (!(error instanceof Error)) {
    return { code: "E_INTERNAL", exitCode: 70, message: String(error) };
  }
  if (error instanceof Deno.errors.NotCapable) {
    const message = "a permission is missing";
    return { code: "E_PERMISSION", exitCode: 4, message, hint: error.message };
  }
  if (isFileSystemError(error)) return { code: "E_IO", exitCode: 5, message: fileFaultOf(error) };
  return {
    code: "E_INTERNAL",
    exitCode: 70,
    message: error.message,
    hint: "please report this; --debug prints the stack",
  };
}

/** What the operating system refuses; the other classes of Deno.errors say that we used a resource wrongly. */
const FILE_SYSTEM_ERRORS = [
  Deno.errors.NotFound,
  Deno.errors.PermissionDenied,
  Deno.errors.AlreadyExists,
  Deno.errors.IsADirectory,
  Deno.errors.NotADirectory,
  Deno.errors.FilesystemLoop,
  Deno.errors.WriteZero,
  Deno.errors.UnexpectedEof,
  Deno.errors.BrokenPipe,
];

/** An errno such as `ENOSPC` marks what has no class of its own. */
function isFileSystemError(error: Error): boolean {
  return FILE_SYSTEM_ERRORS.some((kind) => error instanceof kind) ||
    /^E[A-Z]+$/.test(String((error as { code?: unknown }).code));
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
