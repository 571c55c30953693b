/**
 * Writing to standard output and standard error. A reader that has left (`| head`, a closed terminal) does not stop a run: what it
 * makes is its folder. Output that was asked for and cannot be written, as on a full disk, does.
 * @module
 */
import { StorageError } from "../errors.ts";

/** Writes a line to standard output. @throws {StorageError} when it cannot be written though somebody reads it */
export function printLine(line: string): void {
  try {
    console.log(line); // says nothing of a closed pipe
  } catch (cause) {
    throw new StorageError(`cannot write to standard output: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Writes text for people to standard error, if anybody reads it. */
export function tell(text: string): void {
  try {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  } catch {
    // nobody is told
  }
}
