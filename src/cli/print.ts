/**
 * Writing to standard output and standard error, nowhere else in `src`: lines are escaped here, so no file and no user's text drives the
 * terminal. A reader that has left (`| head`, a closed terminal) does not stop a run: what it makes is its folder. Output that was
 * asked for and cannot be written, as on a full disk, does.
 * @module
 */
import { StorageError } from "../errors.ts";
import { escapeInvisible } from "../text.ts";
import { fileFault } from "../formats/file_fault.ts";

/** Writes a line, of text or of JSON, to standard output. @throws {StorageError} when it cannot be written though somebody reads it */
export function printLine(line: string): void {
  printText(escapeInvisible(line));
}

/** Writes lines to standard output. @throws {StorageError} as {@linkcode printLine} */
export function printLines(lines: readonly string[]): void {
  printText(lines.map(escapeInvisible).join("\n"));
}

/** Writes text that holds nothing but our own words, as it is: help, versions, completions. @throws {StorageError} as {@linkcode printLine} */
export function printText(text: string): void {
  try {
    console.log(text); // says nothing of a closed pipe
  } catch (cause) {
    throw new StorageError(`cannot write to standard output: ${fileFault(cause)}`, {
      cause,
    });
  }
}

/**
 * Writes a line for people to standard error, if anybody reads it.
 *
 * @param options `before` and `end` are written as they are, for the cursor of a progress bar
 */
export function tell(line: string, { before = "", end = "\n" } = {}): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(before + escapeInvisible(line) + end));
  } catch {
    // nobody is told
  }
}
