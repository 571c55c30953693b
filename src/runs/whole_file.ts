/** Files that are written whole or not at all. @module */
import { basename, dirname, join } from "node:path";
import { PermissionError, StorageError } from "../errors.ts";

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

async function writeAndSync(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  await file.sync();
}

/** Without this a crash after the rename can bring the old name back. */
async function syncFolder(path: string): Promise<void> {
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}

function asStorageError(what: string, cause: unknown): Error {
  if (cause instanceof Deno.errors.NotCapable) {
    return new PermissionError(what, { hint: cause.message, cause });
  }
  if (cause instanceof Deno.errors.AlreadyExists) {
    return new StorageError(`${what}: it exists already`, { cause });
  }
  return new StorageError(`${what}: ${cause instanceof Error ? cause.message : cause}`, { cause });
}
