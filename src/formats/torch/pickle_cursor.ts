/**
 * Reads the bytes of a pickle, operand by operand. Messages name the offset of the opcode.
 * @module
 */
import { FormatError, UnsafePickleError } from "../../errors.ts";

/** Longest accepted line of a GLOBAL. */
const MAX_LINE = 256;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Refuses at the current opcode; `unsafe` if the pickle requires more than data. */
export interface PickleRefusal {
  malformed(what: string): never;
  unsafe(what: string): never;
}

/** Reads forward, never past the end. */
export class PickleCursor implements PickleRefusal {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string;
  #at = 0;
  /** Offset of the current opcode, for messages. */
  #op = 0;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#file = file;
  }

  /** Number of unread bytes. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  malformed(what: string): never {
    throw new FormatError(`${this.#file}: byte ${this.#op}: ${what}`);
  }

  unsafe(what: string): never {
    throw new UnsafePickleError(`${this.#file}: byte ${this.#op}: ${what}`, {
      hint: "a checkpoint of plain tensors needs nothing else; nothing of this one was run",
    });
  }

  /** The next opcode; messages name its offset from here on. */
  opcode(): number {
    this.#op = this.#at;
    return this.u8();
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }

  i32(): number {
    return this.#view.getInt32(this.skip(4), true);
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  /** Reads a length, which must be below 2^53. */
  u64(): number {
    const value = this.#view.getBigUint64(this.skip(8), true);
    return value > BigInt(this.left) ? this.#short() : Number(value);
  }

  /** Reads a big-endian double, used by BINFLOAT only. */
  f64(): number {
    return this.#view.getFloat64(this.skip(8));
  }

  /** Reads a little-endian two's complement integer of at most 255 bytes. */
  long(): number | bigint {
    const length = this.u8();
    const at = this.skip(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = value << 8n | BigInt(this.#bytes[at + i]);
    const signed = BigInt.asIntN(8 * length, value);
    const number = Number(signed);
    return Number.isSafeInteger(number) ? number : signed;
  }

  text(length: number): string {
    const at = this.skip(length);
    try {
      return UTF8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      return this.malformed("a text that is not UTF-8");
    }
  }

  /** Reads a line of a GLOBAL. */
  line(): string {
    const end = this.#bytes.subarray(this.#at, this.#at + MAX_LINE).indexOf(0x0a);
    if (end < 0) this.malformed(`no end of a GLOBAL's line within ${MAX_LINE} bytes`);
    const line = this.text(end);
    this.skip(1);
    return line;
  }

  /** Skips bytes. @returns their offset */
  skip(length: number): number {
    const at = this.#at;
    if (length > this.left) this.#short();
    this.#at += length;
    return at;
  }

  #short(): never {
    return this.malformed("the pickle is cut short");
  }
}
