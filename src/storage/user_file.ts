/** Reads files that a setting names. @module */
import { PermissionError, UsageError } from "../errors.ts";
import { fileFault } from "../formats/file_fault.ts";
import { resolveFile } from "../formats/real_file.ts";
import { hubHint, isHubName } from "./hub_name.ts";

/**
 * Reads a whole file.
 *
 * @throws {UsageError} naming setting and file when it cannot be read
 * @throws {PermissionError} when it, or the target of a link, may not be read
 */
export async function readUserFile(setting: string, path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(await resolveFile(path));
  } catch (cause) {
    throw unreadable(setting, path, cause) ??
      new UsageError(
        (name) => `${name(setting)} ${path} cannot be read: ${fileFault(cause)}`,
        { cause },
      );
  }
}

/** Error for a missing permission; `undefined` if the file cannot be read for another reason. */
export function unreadable(
  setting: string,
  path: string,
  cause: unknown,
): PermissionError | undefined {
  const hint = cause instanceof PermissionError
    ? `${cause.message}: ${cause.hint}`
    : cause instanceof Deno.errors.NotCapable
    ? cause.message
    : undefined;
  if (hint === undefined) return undefined;
  const model = setting === "modelPath" && isHubName(path)
    ? `${hubHint(path)}; for a folder, `
    : "";
  return new PermissionError((name) => `${name(setting)} ${path} may not be read`, {
    hint: model + hint,
    cause,
  });
}
