/** Opens files that a run writes in place: its lock and its round logs. @module */
import { FormatError } from "../errors.ts";
import { asStorageError } from "./storage_error.ts";

/** Retries if another process creates or removes the file at the same time. */
const MAX_TRIES = 10;

/**
 * Opens a file for reading and writing; creates it if missing. Links are not followed: in a folder
 * written by others they may lead anywhere.
 *
 * @throws {FormatError} when the path is a link or a folder
 * @throws {StorageError} when the file system refuses
 */
export async function openOwnFile(path: string): Promise<Deno.FsFile> {
  for (let tries = 1;; tries++) {
    try {
      return await Deno.open(path, { read: true, write: true, createNew: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) {
        throw asStorageError(`cannot open ${path}`, error);
      }
    }
    try {
      const { isFile, nlink } = await Deno.lstat(path);
      if (!isFile || (nlink ?? 1) > 1) throw notRegularFile(path);
      return await Deno.open(path, { read: true, write: true });
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const gone = error instanceof Deno.errors.NotFound;
      if (!gone || tries === MAX_TRIES) throw asStorageError(`cannot open ${path}`, error);
    }
  }
}

function notRegularFile(path: string): FormatError {
  return new FormatError(`${path} is a link or a folder, wanted a regular file`, {
    hint: "a run writes no links: remove it",
  });
}

/** Writes all of `bytes` at the file's position. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** Fills `bytes` from the file's position; `false` if the file ends before. */
export async function readAll(file: Deno.FsFile, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    const n = await file.read(bytes.subarray(at));
    if (n === null) return false;
    at += n;
  }
  return true;
}
