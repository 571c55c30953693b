/** Files of a run that are written in place: its lock, its logs of rounds. @module */
import { FormatError } from "../errors.ts";
import { asStorageError } from "./storage_error.ts";

/** A name that comes and goes between two looks at it is another run's doing; more often than this it is not. */
const MOST_TRIES = 10;

/**
 * Opens a file for reading and writing, made where it is missing. A link is not followed: in a folder that another has written it may
 * lead anywhere.
 *
 * @throws {FormatError} when the name is taken by a link or a folder
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
      if (!isFile || (nlink ?? 1) > 1) throw notOurs(path);
      return await Deno.open(path, { read: true, write: true });
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const gone = error instanceof Deno.errors.NotFound;
      if (!gone || tries === MOST_TRIES) throw asStorageError(`cannot open ${path}`, error);
    }
  }
}

function notOurs(path: string): FormatError {
  return new FormatError(`${path} is a link or a folder, wanted a regular file`, {
    hint: "a run writes no links: remove it",
  });
}

/** Writes all of `bytes` at the file's position. */
export async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

/** Fills `bytes` from the file's position; `false` when the file ends before. */
export async function readAll(file: Deno.FsFile, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    const n = await file.read(bytes.subarray(at));
    if (n === null) return false;
    at += n;
  }
  return true;
}
