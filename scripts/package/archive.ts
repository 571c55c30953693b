/**
 * The part of the single file that Deno unpacks: four bytes of length, a header in JSON, then every
 * file, compressed on its own by zstd.
 * @module
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { type Digest, digestBytes } from "../../src/storage/hash.ts";

/** A file of the archive. */
export interface ArchiveEntry extends Digest {
  /** Path below the cache folder, with `/`. */
  path: string;
  /** Compressed bytes that follow for it; none for Deno, which the stub has unpacked before. */
  stored: number;
}

/** High enough to gain a quarter of the library's size over gzip, low enough to take seconds. */
const LEVEL = 16;

/** More than any list of files takes; a damaged length must not ask for gigabytes. */
const MAX_HEADER = 1 << 20;

/**
 * The archive of `files`. `unpacked` names those that the stub unpacks: they are listed, to be
 * checked, but not stored.
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

/**
 * Stands for all that is in an archive, by the hashes in its header; the name of the cache folder.
 */
function idOf(header: Uint8Array): string {
  return digestBytes(header).sha256.slice(0, 16);
}

/** An archive inside an open file. */
export class ArchiveReader {
  readonly entries: readonly ArchiveEntry[];
  readonly #file: Deno.FsFile;
  readonly #at = new Map<string, number>();

  /**
   * @param at where the archive begins, in bytes
   * @param id what it must hold
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

  /** One file, as it was packed. @throws {Error} when its bytes are not what the header says */
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

/** One after another. */
export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
