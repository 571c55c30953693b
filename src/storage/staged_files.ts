/** Files that appear together or not at all. @module */
import { basename, dirname, join } from "node:path";
import { asStorageError } from "./storage_error.ts";
import { syncFolder } from "./whole_file.ts";

/** Options of {@link StagedFiles.write}. */
export interface StageOptions {
  /** Bytes of the whole file, for messages. */
  size: number;
  /** Stops between two pieces. */
  signal?: AbortSignal;
}

/** Bytes after which other work of the process has its turn. */
const TURN = 64 * 2 ** 20;

interface Staged {
  temporary: string;
  path: string;
  renamed: boolean;
}

/**
 * Writes files under temporary names, piece by piece, and gives all of them their names at the end: a full disk, a signal or an error on the
 * way leaves nothing behind, folders that were made included.
 */
export class StagedFiles implements AsyncDisposable {
  readonly #folder: string;
  readonly #files: Staged[] = [];
  readonly #made: string[] = [];
  #committed = false;

  /** @param folder where the files belong; made when the first one is written */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Writes one file; it has its name after {@link commit}.
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
    const temporary = join(dirname(path), `.${basename(path)}.tmp-${Deno.pid}`);
    const what = `cannot write ${path} (${size} bytes)`;
    await this.#makeFolder(dirname(path));
    using file = await Deno.open(temporary, { write: true, createNew: true })
      .catch((error) => Promise.reject(asStorageError(what, error)));
    this.#files.push({ temporary, path, renamed: false });
    let sinceTurn = 0;
    for await (const piece of pieces) {
      try {
        writeAll(file, piece);
      } catch (error) {
        throw asStorageError(what, error); // what goes wrong with the pieces themselves is none of the disk's doing
      }
      if ((sinceTurn += piece.length) < TURN) continue;
      sinceTurn = 0;
      await new Promise((resolve) => setTimeout(resolve)); // lets a signal be heard
      signal?.throwIfAborted();
    }
    await file.sync().catch((error) => Promise.reject(asStorageError(what, error)));
  }

  /** Gives every file its name, in the order of writing. @throws {StorageError} when the file system refuses */
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
    // Those that hold something of somebody else's stay.
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

/** Synchronously: handing every piece to another thread and back takes longer than to write it. */
function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
