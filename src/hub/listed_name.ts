/**
 * Checks names of files in a hub's listing, because they become paths and the listing is not
 * trusted.
 * @module
 */
import { FormatError } from "../errors.ts";
import { escapeInvisible, shown } from "../text.ts";

const MAX_PATH_LENGTH = 1024;
const MAX_PART_LENGTH = 255;

/** Names of Windows devices, with any extension. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?$/i;

/** Reason why no git repository can hold a file of this name; `undefined` if one can. */
export function invalidPathReason(path: string): string | undefined {
  if (path.includes("\0")) return "has a NUL";
  if (path.startsWith("/")) return "is absolute";
  const parts = path.split("/");
  if (parts.includes("..") || parts.includes(".")) return "leads through . or ..";
  return parts.includes("") ? "has an empty part" : undefined;
}

/** Reason why a name is not portable between systems; `undefined` if it is. */
export function unportablePathReason(path: string): string | undefined {
  if (path.length > MAX_PATH_LENGTH) return `is longer than ${MAX_PATH_LENGTH} characters`;
  for (const part of path.split("/")) {
    if (new TextEncoder().encode(part).length > MAX_PART_LENGTH) {
      return "has a part that is too long";
    }
    if (/[\\:*?"<>|]/.test(part)) return 'has one of \\ : * ? " < > |';
    if (escapeInvisible(part) !== part) return "has an invisible character";
    if (/[. ]$|^ /.test(part)) return "has a part that ends in a dot or a space";
    if (DEVICE.test(part)) return "is a device on Windows";
  }
  return undefined;
}

/**
 * Refuses names that cannot be written side by side on every system.
 *
 * @param reserved a folder that no file may be in
 * @throws {FormatError} for a name that is not portable, for two that differ in case only, and for
 * one that is a file and a folder
 */
export function checkListedNames(paths: readonly string[], what: string, reserved: string): void {
  const files = new Map<string, string>();
  const folders = new Set<string>();
  const same = (path: string) => path.normalize("NFC").toLowerCase();
  for (const path of paths) {
    const why = unportablePathReason(path);
    if (why) throw new FormatError(`${what} lists ${shown(path)}, which ${why}`);
    const twin = files.get(same(path));
    if (twin !== undefined) {
      throw new FormatError(
        `${what} lists ${shown(twin)} and ${shown(path)}, which are the same name on some systems`,
      );
    }
    files.set(same(path), path);
    const parts = same(path).split("/");
    if (parts[0] === reserved) {
      throw new FormatError(`${what} lists ${shown(path)}: ${reserved} is reserved`);
    }
    for (let i = 1; i < parts.length; i++) folders.add(parts.slice(0, i).join("/"));
  }
  for (const [name, path] of files) {
    if (folders.has(name)) {
      throw new FormatError(`${what} lists ${shown(path)} as a file and as a folder`);
    }
  }
}
