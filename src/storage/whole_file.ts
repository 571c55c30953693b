/** Files that are written whole or not at all. @module */
import { basename, dirname, join } from "node:path";
import { StorageError } from "../errors.ts";
import { writeAll } from "./own_file.ts";
import { asStorageError } from "./storage_error.ts";

/** Names of the temporary files of {@link writeWholeFile}; a process that died may leave one. */
export const TEMPORARY: RegExp = /^\..+\.tmp-[0-9]+$/;

/**
 * Writes `path` so that a reader sees the old file or the new one, never a part: a temporary file made with `createNew` (a
 * planted link is not followed), `fsync`, `rename`, `fsync` of the folder. On failure the temporary file is removed.
 *
 * @throws {StorageError} when the file system refuses (no space, read-only, …), naming the path and the bytes wanted
 */
export async function writeWholeFile(path: string, bytes: Uint8Array): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.tmp-${Deno.pid}`);
  try {
    await writeAndSync(temporary, bytes);
    await Deno.rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // nothing to remove when it could not be created
    throw asStorageError(`cannot write ${path} (${bytes.length} bytes)`, error);
  }
}

/** Makes a folder that must not exist yet, and what lies above it. @throws {StorageError} when the file system refuses */
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

/** Makes a folder unless it is there already; a link to one is not one. @throws {StorageError} when the file system refuses */
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

/** Without this a crash can bring an old name back, or lose a new one. */
export async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}
