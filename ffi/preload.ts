/**
 * Opens a library only so that the loader has it: what is opened later and needs it finds it by its
 * soname, without `LD_LIBRARY_PATH`.
 * @module
 */

/** Why a library could not be opened; `missing` when there is no such file. */
export interface PreloadFailure {
  readonly missing: boolean;
  readonly reason: string;
}

/**
 * Never closed, whoever needs them must find them for as long as the process lives; hence opened
 * once.
 */
const opened = new Set<string>();

/**
 * Opens a library for good.
 *
 * @param path an absolute path, or a name for the system's own search
 * @returns `undefined` when it is open
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
