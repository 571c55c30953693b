/**
 * Opens libraries for the loader: a library opened later finds them by soname, without
 * `LD_LIBRARY_PATH`.
 * @module
 */

/** Why a library could not be opened; `missing` if the file does not exist. */
export interface PreloadFailure {
  readonly missing: boolean;
  readonly reason: string;
}

/** Open libraries. They are never closed, since the loader may need them at any time. */
const opened = new Set<string>();

/**
 * Opens a library permanently.
 *
 * @param path an absolute path, or a name for the system's search path
 * @returns `undefined` if it was opened
 */
export function preload(path: string): PreloadFailure | undefined {
  if (opened.has(path)) return undefined;
  try {
    Deno.dlopen(path, {});
    opened.add(path);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reason = message.replaceAll("Could not open library: ", "").trim();
    const missing = reason.includes(`${path}: cannot open shared object file`);
    return { missing, reason: reason.replace(`${path}: `, "") };
  }
}
