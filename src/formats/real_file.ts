/** What a path really names. @module */
import { PermissionError } from "../errors.ts";

/**
 * The file behind a path, every link resolved. Deno grants by the name it is given and follows
 * links: without this, a link inside a folder that may be read opens every file outside it.
 *
 * @throws {PermissionError} when it is a link to what may not be read
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
