/**
 * A file that is being downloaded. Its bytes stay when the process ends, under the name of an
 * incomplete file.
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { openOwnFile } from "../storage/own_file.ts";
import { asStorageError } from "../storage/storage_error.ts";
import type { HubFile } from "./hub_listing.ts";

const BUFFER_BYTES = 1 << 20;

/** A new hash of the kind that the hub lists for a file. */
export function contentHash({ hash, size }: Pick<HubFile, "hash" | "size">): Hash {
  if (hash.kind === "sha256") return createHash("sha256");
  return createHash("sha1").update(`blob ${size}\0`); // as git hashes a blob
}

/** True if a file exists with the listed size and hash; links are followed. */
export async function hasContent(
  path: string,
  file: HubFile,
  signal?: AbortSignal,
): Promise<boolean | undefined> {
  try {
    const { isFile, size } = await Deno.stat(path);
    if (!isFile || size !== file.size) return false;
    const hash = contentHash(file);
    using opened = await Deno.open(path);
    await readInto(opened, hash, signal);
    return hash.digest("hex") === file.hash.hex;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    signal?.throwIfAborted();
    throw asStorageError(`cannot read ${path}`, error);
  }
}

async function readInto(
  file: Deno.FsFile,
  hash: Hash,
  signal?: AbortSignal,
): Promise<number> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  let size = 0;
  for (let n = await file.read(buffer); n !== null; n = await file.read(buffer)) {
    signal?.throwIfAborted();
    hash.update(buffer.subarray(0, n));
    size += n;
  }
  return size;
}

/** An incomplete file and the hash of its bytes. */
export class PartialFile implements Disposable {
  readonly #path: string;
  readonly #wanted: HubFile;
  readonly #file: Deno.FsFile;
  #hash: Hash;
  #size = 0;

  private constructor(path: string, wanted: HubFile, file: Deno.FsFile) {
    this.#path = path;
    this.#wanted = wanted;
    this.#file = file;
    this.#hash = contentHash(wanted);
  }

  /**
   * Opens what an earlier download left, or a new file.
   *
   * @throws {StorageError} when the file system refuses
   */
  static async open(path: string, wanted: HubFile, signal?: AbortSignal): Promise<PartialFile> {
    const partial = new PartialFile(path, wanted, await openOwnFile(path));
    try {
      partial.#size = await readInto(partial.#file, partial.#hash, signal);
      if (partial.#size > wanted.size) partial.restart();
      return partial;
    } catch (error) {
      partial[Symbol.dispose]();
      throw error;
    }
  }

  /** Number of bytes received. */
  get size(): number {
    return this.#size;
  }

  /** Appends bytes. @throws {StorageError} if the file system refuses, as on a full disk */
  write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    } catch (error) {
      throw asStorageError(`cannot write ${this.#wanted.path} (${this.#wanted.size} bytes)`, error);
    }
    this.#hash.update(bytes);
    this.#size += bytes.length;
  }

  /** Drops all bytes. */
  restart(): void {
    this.#file.truncateSync(0);
    this.#file.seekSync(0, Deno.SeekMode.Start);
    this.#hash = contentHash(this.#wanted);
    this.#size = 0;
  }

  /** True if the complete file has the listed hash; it is then synced to the disk. */
  async finish(): Promise<boolean> {
    if (this.#hash.digest("hex") !== this.#wanted.hash.hex) return false;
    await this.#file.sync().catch((error) => {
      throw asStorageError(`cannot write ${this.#path}`, error);
    });
    return true;
  }

  /** Closes the file without removing it. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}
