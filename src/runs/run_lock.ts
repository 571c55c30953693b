/**
 * Lock of a run folder. The operating system releases it when the process ends. The lock file also
 * reserves disk space, so that a run on a full disk can still save its manifest.
 * @module
 */
import { join } from "node:path";
import { BusyError } from "../errors.ts";
import { openOwnFile, writeAll } from "../storage/own_file.ts";
import { asStorageError } from "../storage/storage_error.ts";
import { hostName } from "./host.ts";

/** Name of the lock in the run's folder. */
export const LOCK_NAME = ".parataa.lock";

/** Space for the process id and the host before the reserve. */
const HEADER_BYTES = 96;

/** Longest part of a host's name that the lock has. */
const HOST_CHARACTERS = 64;

/** Milliseconds to wait for the holder to write its process id. */
const MOMENT_MS = 30;

/** The lock of a run folder, held until it is released or the process ends. */
export class RunLock implements AsyncDisposable {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #reserved = 0;
  #released = false;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Acquires the lock of `folder`. Stale locks are ignored.
   *
   * @throws {BusyError} naming the process that holds it
   * @throws {StorageError} when the file system refuses
   */
  static async acquire(folder: string): Promise<RunLock> {
    const path = join(folder, LOCK_NAME);
    for (;;) {
      const file = await openOwnFile(path);
      let locked = false;
      try {
        locked = await file.tryLock(true);
        if (!locked) throw await busy(folder, path);
        // The holder may have removed the file after it was opened here; a lock on an unlinked file
        // protects nothing.
        if (await sameFile(file, path)) {
          await file.truncate(0);
          await writeAll(file, await header());
          return new RunLock(path, file);
        }
      } catch (error) {
        if (locked) await Deno.remove(path).catch(() => {});
        file.close();
        throw error instanceof BusyError ? error : asStorageError(`cannot lock ${folder}`, error);
      }
      file.close();
    }
  }

  /**
   * Reserves at least `bytes` of disk space.
   *
   * @throws {StorageError} when the disk has less space
   */
  async reserve(bytes: number): Promise<void> {
    if (bytes <= this.#reserved) return;
    try {
      await this.#file.seek(HEADER_BYTES, Deno.SeekMode.Start);
      await writeAll(this.#file, new Uint8Array(bytes));
    } catch (error) {
      throw asStorageError(`cannot write ${this.#path} (${bytes} bytes)`, error);
    }
    this.#reserved = bytes;
  }

  /** Frees the reserved space. */
  async free(): Promise<void> {
    await this.#file.truncate(HEADER_BYTES);
    this.#reserved = 0;
  }

  /** Removes the file and releases the lock. Can be called twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await Deno.remove(this.#path).catch(() => {}); // a stale lock file is harmless
    this.#file.close();
  }
}

/** First line of the lock: the process id, and the host where it may be read. */
async function header(): Promise<Uint8Array> {
  const host = (await hostName())?.replace(/[^\w.-]/g, "").slice(0, HOST_CHARACTERS);
  const line = host ? `${Deno.pid} ${host}` : `${Deno.pid}`;
  return new TextEncoder().encode(`${line}\n`.padEnd(HEADER_BYTES));
}

async function sameFile(file: Deno.FsFile, path: string): Promise<boolean> {
  const [open, named] = await Promise.all([file.stat(), Deno.lstat(path).catch(() => undefined)]);
  return named !== undefined && open.ino === named.ino && open.dev === named.dev;
}

/**
 * `process 123 on node7` if a live process holds the lock of `folder`. Writes nothing and follows
 * no link.
 */
export async function lockHolder(folder: string): Promise<string | undefined> {
  const path = join(folder, LOCK_NAME);
  try {
    if (!(await Deno.lstat(path)).isFile) return undefined;
    using file = await Deno.open(path);
    return await file.tryLock() ? undefined : await holderNamed(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw asStorageError(`cannot read the lock of ${folder}`, error);
  }
}

async function busy(folder: string, path: string): Promise<BusyError> {
  return new BusyError(`${folder} is being written by ${await holderNamed(path)}`, {
    hint: "wait for that process, or stop it",
  });
}

/** The process named in a held lock. */
async function holderNamed(path: string): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
  const text = await Deno.readTextFile(path).catch(() => "");
  const [, pid, host] = /^(\d+)(?: ([\w.-]+))?\n/.exec(text) ?? [];
  if (pid === undefined) return "another process";
  return host === undefined ? `process ${pid}` : `process ${pid} on ${host}`;
}
