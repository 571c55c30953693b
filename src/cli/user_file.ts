/** Files that a flag names. @module */
import { PermissionError, UsageError } from "../errors.ts";

/** Reads a file whole. @throws {UsageError} naming flag and file when it cannot be read */
export async function readUserFile(flag: string, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      throw new PermissionError(`--${flag} ${path} may not be read`, {
        hint: cause.message,
        cause,
      });
    }
    throw new UsageError(`--${flag} ${path} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}
