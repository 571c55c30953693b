/**
 * Parses the header of an npy file, a Python dictionary literal. It is never evaluated: the parser
 * accepts only the three keys that numpy writes. numpy's `numpy/lib/format.py` describes the
 * format.
 * @module
 */
import { FormatError } from "../../errors.ts";
import type { ArrayType } from "../element_types.ts";
import { MAX_RANK } from "../shape.ts";
import { shown } from "../../text.ts";

/** The typed array of each element type that is read, as the file spells the type. */
export interface NpyData {
  /** Half precision. */
  "<f2": Float16Array;
  /** Single precision. */
  "<f4": Float32Array;
  /** Double precision. */
  "<f8": Float64Array;
  /** 32-bit integers. */
  "<i4": Int32Array;
  /** 64-bit integers. */
  "<i8": BigInt64Array;
  /** Bytes. */
  "|u1": Uint8Array;
}

/** Element type as npy spells it, little-endian. */
export type NpyDescr = keyof NpyData;

/** Constructors of the typed arrays. */
export const NPY_TYPES: { readonly [D in NpyDescr]: ArrayType<NpyData[D]> } = {
  "<f2": Float16Array,
  "<f4": Float32Array,
  "<f8": Float64Array,
  "<i4": Int32Array,
  "<i8": BigInt64Array,
  "|u1": Uint8Array,
};

/** A checked header. */
export interface NpyHeader {
  /** Element type. */
  readonly descr: NpyDescr;
  /** Sizes, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** True if the first index varies fastest. */
  readonly fortranOrder: boolean;
  /** True if the most significant byte comes first. */
  readonly bigEndian: boolean;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Longest header that numpy reads without `allow_pickle`. */
const MAX_HEADER = 10_000;

/**
 * Finds the header text.
 *
 * @returns start and end of the text; the data start at `end`
 * @throws {FormatError} if the signature, version or length is wrong
 */
export function npyHeaderRange(bytes: Uint8Array, file: string): { start: number; end: number } {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new FormatError(`${file}: byte 0: not the signature of npy`);
  }
  const [major, minor] = [bytes[6], bytes[7]];
  if (!(major >= 1 && major <= 3 && minor === 0)) {
    throw new FormatError(`${file}: byte 6: npy version ${major}.${minor}, wanted 1.0, 2.0 or 3.0`);
  }
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start) throw new FormatError(`${file}: byte ${bytes.length}: cut short`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const most = Math.min(MAX_HEADER, bytes.length - start);
  if (length > most) {
    throw new FormatError(`${file}: byte 8: header length ${length}, at most ${most} fit`);
  }
  return { start, end: start + length };
}

const DICT_START = /\{ */y;
const KEY = /(?:'(\w+)'|"(\w+)") *: */y;
const STRING = /'([^'\\]*)'|"([^"\\]*)"/y;
const BOOLEAN = /True|False/y;
// (), (3,), (3, 4) and (3, 4,); a lone (3) is no tuple in Python.
const TUPLE = /\( *((?:\d+ *, *)+(?:\d+ *)?)?\)/y;
const COMMA = / *, */y;
const DICT_END = / *\} *\n?$/y;

/**
 * Parses the text of a header.
 *
 * @param text ASCII, as {@link npyHeaderRange} found it
 * @param start its offset in the file, for messages
 * @throws {FormatError} naming the byte and the fault; object and structured arrays are named
 */
export function parseNpyHeader(text: string, start: number, file: string): NpyHeader {
  let at = 0;
  const refuse = (what: string): never => {
    throw new FormatError(`${file}: byte ${start + at}: ${what}`);
  };
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text) ?? undefined;
    at += found?.[0].length ?? 0;
    return found;
  };
  const met = () => shown(text.slice(at, at + 20));

  const readers = new Map<string, () => unknown>([
    ["descr", () => {
      if (text[at] === "[") refuse("a structured dtype, only plain numbers are read");
      const found = take(STRING) ?? refuse(`descr ${met()}, wanted a string`);
      return found[1] ?? found[2];
    }],
    ["fortran_order", () => {
      const [order] = take(BOOLEAN) ?? refuse(`fortran_order ${met()}, wanted True or False`);
      return order === "True";
    }],
    ["shape", () => {
      const found = take(TUPLE) ?? refuse(`shape ${met()}, wanted a tuple of integers`);
      return parseSizes(found[1] ?? "", refuse);
    }],
  ]);
  const values = new Map<string, unknown>();
  if (!take(DICT_START)) refuse(`${met()}, wanted a dictionary`);
  for (let key = take(KEY); key !== undefined; key = take(COMMA) && take(KEY)) {
    const name = key[1] ?? key[2];
    const read = readers.get(name) ?? refuse(`unknown key ${shown(name)}`);
    if (values.has(name)) refuse(`duplicate key ${shown(name)}`);
    values.set(name, read());
  }
  if (!take(DICT_END)) refuse(`${met()}, wanted the end of the dictionary`);
  for (const name of readers.keys()) {
    if (!values.has(name)) refuse(`no key ${shown(name)}`);
  }
  const descr = values.get("descr") as string;
  return {
    descr: checkDescr(descr, refuse),
    shape: values.get("shape") as number[],
    fortranOrder: values.get("fortran_order") as boolean,
    bigEndian: descr.startsWith(">"),
  };
}

function parseSizes(text: string, refuse: (what: string) => never): number[] {
  const words = text.split(",").map((word) => word.trim()).filter((word) => word !== "");
  if (words.length > MAX_RANK) refuse(`${words.length} dimensions, at most ${MAX_RANK} are read`);
  return words.map((word) => {
    if (word.length > 1 && word.startsWith("0")) refuse(`the size ${shown(word)}`);
    const size = Number(word);
    if (!Number.isSafeInteger(size)) refuse(`the size ${shown(word)} exceeds 2^53 - 1`);
    return size;
  });
}

function checkDescr(descr: string, refuse: (what: string) => never): NpyDescr {
  const little = descr.replace(/^>/, "<");
  if (Object.hasOwn(NPY_TYPES, little)) return little as NpyDescr;
  if (/^[|<>=]?O/.test(descr)) refuse("an object dtype, which would be unpickled: never read");
  return refuse(`dtype ${shown(descr)}, wanted one of ${Object.keys(NPY_TYPES).join(" ")}`);
}
