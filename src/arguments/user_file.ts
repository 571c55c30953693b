/** Files that a flag names. @module */
import { PermissionError, UsageError } from "../errors.ts";
import { resolveFile } from "../formats/real_file.ts";
import type { FlagTable } from "./flag.ts";

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
      new UsageError(`--${flag} ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Refuses what may not be read before anything native is opened: a permission to read must mean the files that it names.
 *
 * @throws {PermissionError} naming flag and path
 */
export async function requireReadable(
  table: FlagTable,
  values: object,
  given: ReadonlySet<string>,
): Promise<void> {
  for (const name of given) {
    const flag = table[name];
    const path = (values as Record<string, unknown>)[name];
    // Libraries are opened without being read, and outputs need not be there yet.
    if (flag.type !== "string" || flag.group === "Output" || name === "ort_lib") continue;
    if (flag.value !== "FILE" && flag.value !== "DIR") continue;
    if (typeof path !== "string" || path === flag.default) continue;
    await resolveFile(path).catch((cause) => {
      const refused = refusal(name, path, cause);
      if (refused) throw refused; // what is missing or broken is named by whoever needs it
    });
  }
}

function refusal(flag: string, path: string, cause: unknown): PermissionError | undefined {
  const hint = cause instanceof PermissionError
    ? `${cause.message}: ${cause.hint}`
    : cause instanceof Deno.errors.NotCapable
    ? cause.message
    : undefined;
  return hint === undefined
    ? undefined
    : new PermissionError(`--${flag} ${path} may not be read`, { hint, cause });
}
