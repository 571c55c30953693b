/** Reads little-endian fields of a zip file's records. Messages name the offset. @module */
import { FormatError } from "../../errors.ts";
import { shown } from "../../text.ts";

/** Throws an error that names an offset in the file. */
export function refuseZip(file: string, offset: number, what: string): never {
  throw new FormatError(`${file}: byte ${offset}: ${what}`);
}

/** Value of a 32-bit field that refers to the zip64 record. */
export const ELSEWHERE_32 = 0xffffffff;
/** Value of a 16-bit field that refers to it. */
export const ELSEWHERE_16 = 0xffff;

/** A record of a zip file, read field by field. */
export class ZipRecord {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #file: string;
  /** Offset of the record in the file. */
  readonly offset: number;
  #at = 0;

  constructor(bytes: Uint8Array, { offset, file }: { offset: number; file: string }) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#file = file;
    this.offset = offset;
  }

  /** Number of unread bytes. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** Reads a 64-bit count, which must be below 2^53. */
  u64(): number {
    const value = this.#view.getBigUint64(this.#take(8), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.refuse(`a count of ${value}`);
    return Number(value);
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Throws if a value is not the one wanted. */
  expect(what: string, met: number, wanted: number): void {
    if (met !== wanted) this.refuse(`${what} ${met}, wanted ${wanted}`);
  }

  refuse(what: string): never {
    refuseZip(this.#file, this.offset, what);
  }

  #take(length: number): number {
    if (length > this.left) this.refuse("a record that is cut short");
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

/** Longest accepted name; PyTorch's reader has a buffer of 512 bytes. */
const MAX_NAME = 511;

/**
 * Reads and validates a name as if files were created from it: relative, parts separated by `/`, no
 * `..`.
 *
 * @throws {FormatError} naming it
 */
export function zipName(bytes: Uint8Array, record: ZipRecord): string {
  if (bytes.length === 0 || bytes.length > MAX_NAME) {
    record.refuse(`a name of ${bytes.length} bytes, wanted 1 to ${MAX_NAME}`);
  }
  let name: string;
  try {
    name = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    record.refuse("a name that is not UTF-8");
  }
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x1f\x7f\\]/.test(name) || /^[a-zA-Z]:/.test(name)) {
    record.refuse(`the name ${shown(name)}, wanted a plain relative path`);
  }
  if (name.split("/").some((part) => part === "" || part === "." || part === "..")) {
    record.refuse(`the name ${shown(name)}, wanted a path that stays in the archive`);
  }
  return name;
}

/**
 * Returns the zip64 field of an extra area, or `undefined`.
 *
 * @throws {FormatError} if the area is not a list of fields
 */
export function zip64Field(extra: Uint8Array, record: ZipRecord): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  const view = new DataView(extra.buffer, extra.byteOffset, extra.length);
  for (let at = 0; at < extra.length;) {
    if (at + 4 > extra.length) record.refuse("an extra area that is cut short");
    const length = view.getUint16(at + 2, true);
    const end = at + 4 + length;
    if (end > extra.length) record.refuse("an extra field longer than its area");
    if (view.getUint16(at, true) === 1) {
      if (found) record.refuse("two zip64 fields");
      found = extra.subarray(at + 4, end);
    }
    at = end;
  }
  return found;
}
