/**
 * Writes to standard output and standard error; no other module of `src` does. Lines are escaped,
 * so that text from files or users cannot control the terminal. A run continues if nobody reads the
 * output (`| head`, a closed terminal), because its result is the folder. Requested output that
 * cannot be written, as on a full disk, is an error.
 * @module
 */
import { StorageError } from "../errors.ts";
import { escapeInvisible } from "../text.ts";
import { fileFault } from "../formats/file_fault.ts";

/**
 * Writes a line of text or JSON to standard output.
 *
 * @throws {StorageError} when the line cannot be written, except to a closed pipe
 */
export function printLine(line: string): void {
  printText(escapeInvisible(line));
}

/** Writes lines to standard output. @throws {StorageError} as {@linkcode printLine} */
export function printLines(lines: readonly string[]): void {
  printText(lines.map(escapeInvisible).join("\n"));
}

/**
 * Writes trusted text unescaped: help, versions, completions.
 *
 * @throws {StorageError} as {@linkcode printLine}
 */
export function printText(text: string): void {
  try {
    console.log(text); // a closed pipe throws nothing
  } catch (cause) {
    throw new StorageError(`cannot write to standard output: ${fileFault(cause)}`, {
      cause,
    });
  }
}

/**
 * Writes a line for the user to standard error. Errors are ignored.
 *
 * @param options `before` and `end` are written unescaped, to move the cursor of a progress bar
 */
export function printStatus(line: string, { before = "", end = "\n" } = {}): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(before + escapeInvisible(line) + end));
  } catch {
    // standard error is closed
  }
}
