/** Files that a flag names. @module */
import { PermissionError, UsageError } from "../errors.ts";
import { fileFault } from "../formats/file_fault.ts";
import { resolveFile } from "../formats/real_file.ts";
import { HUB_HINT, isHubName } from "../models/hub_name.ts";
import { type FlagTable, pathAccess } from "./flag.ts";

/**
 * Reads a file whole.
 *
 * @throws {UsageError} naming flag and file when it cannot be read
 * @throws {PermissionError} when it may not be read, or is a link to what may not
 */
export async function readUserFile(flag: string, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(await resolveFile(path));
  } catch (cause) {
    throw refusal(flag, path, cause) ??
      new UsageError(`--${flag} ${path} cannot be read: ${fileFault(cause)}`, { cause });
  }
}

/**
 * Refuses paths that may not be used before anything native is opened and anything is made: a permission must mean the files that it names.
 *
 * @throws {PermissionError} naming flag and path
 */
export async function requireAccess(
  table: FlagTable,
  values: object,
  given: ReadonlySet<string>,
): Promise<void> {
  for (const name of given) {
    const flag = table[name];
    const access = pathAccess(flag);
    const path = (values as Record<string, unknown>)[name];
    if (typeof path !== "string" || flag.type !== "string" || path === flag.default) continue;
    if (access === "write") await requireWritable(name, path);
    // Libraries are opened without being read.
    else if (access === "read" && name !== "ort_lib") {
      await resolveFile(path).catch((cause) => {
        const refused = refusal(name, path, cause);
        if (refused) throw refused; // what is missing or broken is named by whoever needs it
      });
    }
  }
}

/** Refuses an output path that may not be both read and written; it need not be there yet. */
async function requireWritable(flag: string, path: string): Promise<void> {
  for (const name of ["write", "read"] as const) {
    if ((await Deno.permissions.query({ name, path })).state === "granted") continue;
    const hint = `Requires ${name} access to "${path}", run again with the --allow-${name} flag`;
    throw new PermissionError(`--${flag} ${path} may not be used`, { hint });
  }
}

function refusal(flag: string, path: string, cause: unknown): PermissionError | undefined {
  const hint = cause instanceof PermissionError
    ? `${cause.message}: ${cause.hint}`
    : cause instanceof Deno.errors.NotCapable
    ? cause.message
    : undefined;
  if (hint === undefined) return undefined;
  const model = flag === "model_path" && isHubName(path) ? `${HUB_HINT}; for a folder, ` : "";
  return new PermissionError(`--${flag} ${path} may not be read`, { hint: model + hint, cause });
}
