/** Writes single files atomically. @module */
import { basename, dirname, join } from "node:path";
import { StorageError } from "../errors.ts";
import { writeAll } from "./own_file.ts";
import { asStorageError } from "./storage_error.ts";

/**
 * Pattern of the temporary files of {@link temporaryPath}, which a killed process may leave
 * behind.
 */
export const TEMPORARY: RegExp = /^\..+\.tmp-[0-9]+$/;

/**
 * A new temporary name for `path`, in the same folder. It is random, because containers that share a
 * folder may have the same process id.
 */
export function temporaryPath(path: string): string {
  const [number] = crypto.getRandomValues(new Uint32Array(1));
  return join(dirname(path), `.${basename(path)}.tmp-${number}`);
}

/**
 * Writes `path` atomically: a reader sees the old file or the new one. Writes a temporary file with
 * `createNew` (a planted link is not followed), then `fsync`, `rename` and `fsync` of the folder.
 * The temporary file is removed on failure.
 *
 * @throws {StorageError} when the file system refuses (no space, read-only, …), naming the path and
 *   the bytes wanted
 */
export async function writeWholeFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await writeAndSync(temporary, bytes);
    await Deno.rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // it could not be created
    throw asStorageError(`cannot write ${path} (${bytes.length} bytes)`, error);
  }
}

/**
 * Creates a folder that must not exist, and its parents.
 *
 * @throws {StorageError} when the file system refuses
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw asStorageError(`cannot make the folder ${path}`, error);
    }
    await Deno.mkdir(dirname(path), { recursive: true })
      .then(() => Deno.mkdir(path))
      .catch((again) => {
        throw asStorageError(`cannot make the folder ${path}`, again);
      });
  }
}

/**
 * Creates a folder if it is missing; a link to a folder is refused.
 *
 * @throws {StorageError} when the file system refuses
 */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
  } catch (error) {
    const taken = error instanceof StorageError &&
      error.cause instanceof Deno.errors.AlreadyExists;
    if (taken && (await Deno.lstat(path)).isDirectory) return;
    throw error;
  }
}

async function writeAndSync(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  await writeAll(file, bytes);
  await file.sync();
}

/**
 * Flushes a folder; without it, a crash may undo a rename. Windows opens no folder as a file, and
 * its file system logs a rename itself.
 */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}
