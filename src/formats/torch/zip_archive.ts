/**
 * Reads zip archives. Stored entries are read in place, deflated ones in memory. Each entry is
 * verified against its CRC-32.
 * @module
 */
import { crc32 } from "node:zlib";
import { FormatError } from "../../errors.ts";
import { type ByteSource, readExactly } from "../byte_source.ts";
import { shown } from "../../text.ts";
import type { TensorRange } from "../tensor_file.ts";
import { InflatedEntry } from "./inflated_entry.ts";
import { readZipDirectory } from "./zip_directory.ts";
import { checkLocalHeaders, type ZipData } from "./zip_local.ts";

/** Bytes per read when an entry is only verified. */
const CHUNK = 4 * 2 ** 20;

/** An open archive. */
export class ZipArchive {
  /** Entries by name, in the order of the file. */
  readonly entries: ReadonlyMap<string, ArchiveEntry>;

  private constructor(entries: ReadonlyMap<string, ArchiveEntry>) {
    this.entries = entries;
  }

  /**
   * Reads the directory and all headers, and compares them.
   *
   * @throws {FormatError} naming the byte or entry and the violated rule
   */
  static async open(source: ByteSource, file: string): Promise<ZipArchive> {
    const { entries, start } = await readZipDirectory(source, file);
    const data = await checkLocalHeaders(source, { entries, start, file });
    const inflated = new InflatedEntry(source, file);
    return new ZipArchive(
      new Map(
        [...data].map((
          [name, place],
        ) => [name, new ArchiveEntry({ source, inflated }, place, { name, file })]),
      ),
    );
  }
}

/** Source of an entry's bytes. */
interface EntryBytes {
  source: ByteSource;
  /** Shared by the entries of an archive. */
  inflated: InflatedEntry;
}

/** The data of one entry. */
export class ArchiveEntry {
  readonly #from: EntryBytes;
  readonly #place: ZipData;
  readonly #label: { name: string; file: string };
  #verified = false;
  /** Bytes read from the start without a gap, and their checksum. */
  #progress = { bytes: 0, crc: 0 };

  constructor(from: EntryBytes, place: ZipData, label: { name: string; file: string }) {
    this.#from = from;
    this.#place = place;
    this.#label = label;
  }

  /** Number of bytes. */
  get size(): number {
    return this.#place.size;
  }

  /** Reads the whole entry. @throws {FormatError} if the checksum is wrong */
  readAll(): Promise<Uint8Array> {
    return this.readInOrder({ offset: 0, length: this.size });
  }

  /**
   * Reads a range. If ranges are read in order from the first byte to the last, the checksum is
   * computed on the way and compared at the end. Any other range is read by {@link
   * ArchiveEntry.readPart}.
   *
   * @throws {FormatError} if the checksum is wrong, at the latest with the last range
   */
  async readInOrder(range: TensorRange): Promise<Uint8Array> {
    if (range.offset === 0) this.#progress = { bytes: 0, crc: 0 };
    const { bytes: at, crc } = this.#progress;
    if (this.#verified || range.offset !== at) return await this.readPart(range);
    const bytes = await this.#raw(range);
    this.#progress = { bytes: at + bytes.length, crc: crc32(bytes, crc) };
    if (this.#progress.bytes === this.size) this.#compare(this.#progress.crc);
    return bytes;
  }

  /**
   * Reads any range. The first call reads the whole entry once to verify it.
   *
   * @throws {FormatError} if the checksum is wrong
   */
  async readPart(range: TensorRange): Promise<Uint8Array> {
    if (!this.#verified) await this.#verify();
    return await this.#raw(range);
  }

  async #verify(): Promise<void> {
    let crc = 0;
    for (let offset = 0; offset < this.size; offset += CHUNK) {
      const length = Math.min(CHUNK, this.size - offset);
      crc = crc32(await this.#raw({ offset, length }), crc);
    }
    this.#compare(crc);
  }

  #compare(crc: number): void {
    const { name, file } = this.#label;
    if (crc !== this.#place.crc) {
      throw new FormatError(
        `${file}: entry ${shown(name)} has CRC-32 ${hex(crc)}, the directory says ${
          hex(this.#place.crc)
        }`,
        { hint: "the file is damaged: copy or download it again" },
      );
    }
    this.#verified = true;
  }

  #raw({ offset, length }: TensorRange): Promise<Uint8Array> {
    const { source, inflated } = this.#from;
    const { name, file } = this.#label;
    if (this.#place.deflated) return inflated.read(this.#place, name, { offset, length });
    return readExactly(source, { offset: this.#place.offset + offset, length }, file);
  }
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
