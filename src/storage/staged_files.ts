/** Writes several files atomically. @module */
import { dirname, join } from "node:path";
import { asStorageError } from "./storage_error.ts";
import { syncFolder, temporaryPath } from "./whole_file.ts";

/** Options of {@link StagedFiles.write}. */
export interface StageOptions {
  /** Bytes of the whole file, for messages. */
  size: number;
  /** Cancels between two chunks. */
  signal?: AbortSignal;
}

/** Bytes after which the event loop gets a turn. */
const TURN = 64 * 2 ** 20;

interface Staged {
  temporary: string;
  path: string;
  renamed: boolean;
}

/**
 * Writes files under temporary names and renames all of them at the end. A full disk, a signal or
 * an error leaves nothing behind, including created folders.
 */
export class StagedFiles implements AsyncDisposable {
  readonly #folder: string;
  readonly #files: Staged[] = [];
  readonly #made: string[] = [];
  #committed = false;

  /**
   * @param folder target folder; created when the first file is written
   */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Writes one file. It gets its name at {@link commit}.
   *
   * @param name path below the folder
   * @throws {StorageError} when the file system refuses, naming the path and the bytes wanted
   */
  async write(
    name: string,
    pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    { size, signal }: StageOptions,
  ): Promise<void> {
    const path = join(this.#folder, name);
    const temporary = temporaryPath(path);
    const what = `cannot write ${path} (${size} bytes)`;
    await this.#makeFolder(dirname(path));
    using file = await Deno.open(temporary, { write: true, createNew: true })
      .catch((error) => Promise.reject(asStorageError(what, error)));
    this.#files.push({ temporary, path, renamed: false });
    let bytesSinceTurn = 0;
    for await (const piece of pieces) {
      try {
        writeAll(file, piece);
      } catch (error) {
        throw asStorageError(what, error); // errors of the source are not storage errors
      }
      if ((bytesSinceTurn += piece.length) < TURN) continue;
      bytesSinceTurn = 0;
      await new Promise((resolve) => setTimeout(resolve)); // lets pending signals be handled
      signal?.throwIfAborted();
    }
    await file.sync().catch((error) => Promise.reject(asStorageError(what, error)));
  }

  /**
   * Renames every file to its final name, in the order of writing.
   *
   * @throws {StorageError} when the file system refuses
   */
  async commit(): Promise<void> {
    for (const file of this.#files) {
      try {
        await Deno.rename(file.temporary, file.path);
        file.renamed = true;
        await syncFolder(dirname(file.path));
      } catch (error) {
        throw asStorageError(`cannot write ${file.path}`, error);
      }
    }
    this.#committed = true;
  }

  /** Removes everything unless it was committed. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#committed) return;
    for (const { temporary, path, renamed } of this.#files) {
      await Deno.remove(renamed ? path : temporary).catch(() => {});
    }
    // Keep folders that contain other files.
    for (const folder of this.#made.reverse()) await Deno.remove(folder).catch(() => {});
  }

  async #makeFolder(path: string): Promise<void> {
    try {
      await Deno.mkdir(path);
      this.#made.push(path);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) return;
      const parent = dirname(path);
      if (!(error instanceof Deno.errors.NotFound) || parent === path) {
        throw asStorageError(`cannot make the folder ${path}`, error);
      }
      await this.#makeFolder(parent);
      await this.#makeFolder(path);
    }
  }
}

/** Synchronous, since an asynchronous write per chunk takes longer than the write itself. */
function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
