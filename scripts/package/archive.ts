/**
 * Packs and reads the archive inside the single file: four bytes of length, a JSON header, then
 * every file, compressed separately with zstd.
 * @module
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { type Digest, digestBytes } from "../../src/storage/hash.ts";

/** A file of the archive. */
export interface ArchiveEntry extends Digest {
  /** Path below the cache folder, separated by `/`. */
  path: string;
  /** Compressed size in bytes; 0 for Deno, which the stub has already unpacked. */
  stored: number;
}

/** Saves a quarter of the library's size over gzip and takes only seconds. */
const LEVEL = 16;

/** Largest accepted list of files, so that a damaged length does not allocate gigabytes. */
const MAX_HEADER = 1 << 20;

/**
 * Returns the archive of `files`. Those in `unpacked` are unpacked by the stub: they are listed for
 * verification, but not stored.
 */
export function packArchive(
  files: ReadonlyMap<string, Uint8Array>,
  unpacked: ReadonlySet<string>,
): { bytes: Uint8Array<ArrayBuffer>; entries: ArchiveEntry[]; id: string } {
  const params = { [constants.ZSTD_c_compressionLevel]: LEVEL };
  const blobs: Uint8Array[] = [];
  const entries = [...files].map(([path, bytes]): ArchiveEntry => {
    const blob = unpacked.has(path) ? new Uint8Array(0) : zstdCompressSync(bytes, { params });
    blobs.push(blob);
    return { path, ...digestBytes(bytes), stored: blob.length };
  });
  const header = new TextEncoder().encode(JSON.stringify(entries));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length);
  return { bytes: concat([length, header, ...blobs]), entries, id: idOf(header) };
}

/** Returns the name of the cache folder, a hash of the header with the hashes of all files. */
function idOf(header: Uint8Array): string {
  return digestBytes(header).sha256.slice(0, 16);
}

/** Reads an archive inside an open file. */
export class ArchiveReader {
  readonly entries: readonly ArchiveEntry[];
  readonly #file: Deno.FsFile;
  readonly #at = new Map<string, number>();

  /**
   * @param at offset of the archive, in bytes
   * @param id expected {@link idOf} of its header
   */
  constructor(file: Deno.FsFile, at: number, id: string) {
    this.#file = file;
    const length = new DataView(this.#read(at, 4).buffer).getUint32(0);
    const header = this.#read(at + 4, Math.min(length, MAX_HEADER));
    if (idOf(header) !== id) throw new Error("this file is damaged at its list of files");
    this.entries = JSON.parse(new TextDecoder().decode(header));
    let next = at + 4 + length;
    for (const { path, stored } of this.entries) {
      this.#at.set(path, next);
      next += stored;
    }
  }

  /** Reads a file. @throws {Error} if its bytes do not match the header */
  readEntry({ path, stored, size, sha256 }: ArchiveEntry): Uint8Array {
    let bytes: Uint8Array;
    try {
      bytes = zstdDecompressSync(this.#read(this.#at.get(path)!, stored), {
        maxOutputLength: size,
      });
    } catch (cause) {
      throw new Error(`this file is damaged at ${path}`, { cause });
    }
    if (digestBytes(bytes).sha256 !== sha256) throw new Error(`this file is damaged at ${path}`);
    return bytes;
  }

  #read(at: number, length: number): Uint8Array<ArrayBuffer> {
    this.#file.seekSync(at, Deno.SeekMode.Start);
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const n = this.#file.readSync(bytes.subarray(filled));
      if (n === null) throw new Error("this file is cut short");
      filled += n;
    }
    return bytes;
  }
}

/** Concatenates byte arrays. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
