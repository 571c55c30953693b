/** Inflates deflated entries of an archive in memory. @module */
import { inflateRawSync } from "node:zlib";
import { FormatError } from "../../errors.ts";
import { type ByteSource, readExactly } from "../byte_source.ts";
import { shown } from "../../text.ts";
import type { TensorRange } from "../tensor_file.ts";
import type { ZipData } from "./zip_local.ts";

/**
 * Inflates entries and keeps the last one in memory. Deflate has no random access, so a whole entry
 * is in memory while parts of it are read. The directory has limited its size, and inflating stops
 * at that size whatever the data contain.
 */
export class InflatedEntry {
  readonly #source: ByteSource;
  readonly #file: string;
  #place: ZipData | undefined;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(source: ByteSource, file: string) {
    this.#source = source;
    this.#file = file;
  }

  /**
   * Returns a range of an entry. The memory is released when its last byte is read.
   *
   * @throws {FormatError} if the data do not inflate to the recorded size
   */
  async read(place: ZipData, name: string, { offset, length }: TensorRange): Promise<Uint8Array> {
    if (this.#place !== place) {
      this.#bytes = await this.#inflate(place, name);
      this.#place = place;
    }
    const part = this.#bytes.slice(offset, offset + length);
    if (offset + length === place.size) this.#release();
    return part;
  }

  #release(): void {
    this.#place = undefined;
    this.#bytes = new Uint8Array(0);
  }

  async #inflate(place: ZipData, name: string): Promise<Uint8Array> {
    this.#release();
    const range = { offset: place.offset, length: place.stored };
    const deflated = await readExactly(this.#source, range, this.#file);
    const bytes = inflated(deflated, place.size);
    if (bytes?.length === place.size) return bytes;
    throw new FormatError(
      `${this.#file}: entry ${shown(name)} does not inflate to its ${place.size} bytes`,
      { hint: "the file is damaged: copy or download it again" },
    );
  }
}

/**
 * @returns `undefined` if the data are damaged, or more than `size` bytes
 */
function inflated(bytes: Uint8Array, size: number): Uint8Array | undefined {
  try {
    return inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) });
  } catch {
    return undefined;
  }
}
