/** Resolves symbolic links within the permissions. @module */
import { PermissionError } from "../errors.ts";

/**
 * Returns the real path of a file, every link resolved. Deno checks permissions by the given name
 * and follows links. Without this check, a link inside a readable folder would open any file
 * outside it.
 *
 * @throws {PermissionError} if it is a link to a file that may not be read
 */
export async function resolveFile(path: string): Promise<string> {
  const real = await Deno.realPath(path);
  try {
    await Deno.lstat(real);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw new PermissionError(`cannot read ${path}, a link to ${real}`, {
      hint: cause.message,
      cause,
    });
  }
  return real;
}
