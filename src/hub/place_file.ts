/** Moves a complete file to its place. @module */
import { dirname, join } from "node:path";
import { asStorageError } from "../storage/storage_error.ts";
import { ensureFolder, syncFolder } from "../storage/whole_file.ts";

/**
 * Creates the folders of `path`, whose parts `/` separates, below an existing folder. None may be a
 * link.
 */
export async function makeFolders(root: string, path: string): Promise<void> {
  const parts = path.split("/").slice(0, -1);
  for (let i = 1; i <= parts.length; i++) await ensureFolder(join(root, ...parts.slice(0, i)));
}

/**
 * Moves a file to its place, or copies it if other places need it too.
 *
 * @throws {StorageError} if the file system refuses
 */
export async function placeFile(
  from: string,
  to: string,
  { copy }: { copy: boolean },
): Promise<void> {
  const file = copy ? `${from}.copy` : from;
  try {
    if (copy) await Deno.copyFile(from, file);
    await Deno.rename(file, to);
    await syncFolder(dirname(to));
  } catch (error) {
    if (copy) await Deno.remove(file).catch(() => {});
    throw asStorageError(`cannot write ${to}`, error);
  }
}
