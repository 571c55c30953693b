/** Reads and writes NumPy's npy files: trajectories and noise exchanged with Python. @module */
import { FormatError } from "../../errors.ts";
import { type ArrayType, viewAs } from "../element_types.ts";
import { refuseForeign } from "../foreign_file.ts";
import {
  NPY_TYPES,
  type NpyData,
  type NpyDescr,
  npyHeaderRange,
  parseNpyHeader,
} from "./npy_header.ts";
import { reverseElements, toCOrder } from "./npy_order.ts";
import { byteLengthOf } from "../shape.ts";

/** An array with its elements in C order, in the typed array of its element type. */
export type NpyArray = {
  [D in NpyDescr]: {
    /** Element type as npy spells it; `<f4` is float32 whatever the file's byte order. */
    readonly dtype: D;
    /** Sizes, outermost first; `[]` is a scalar. */
    readonly shape: readonly number[];
    /** The elements, C-ordered. */
    readonly data: NpyData[D];
  };
}[NpyDescr];

/**
 * Reads an npy file, versions 1.0 to 3.0. Objects are never unpickled; structured arrays are
 * refused. Big-endian and Fortran-ordered arrays are converted.
 *
 * @param bytes the whole file; the result is a view of aligned data and a copy of other data
 * @param options `file` is the name in messages
 * @throws {FormatError} naming the byte and the fault
 *
 * @example
 * ```ts
 * import { readNpy, writeNpy } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const bytes = writeNpy([2, 2], Float32Array.of(1, 2, 3, 4));
 * assert.deepEqual(readNpy(bytes), {
 *   dtype: "<f4",
 *   shape: [2, 2],
 *   data: Float32Array.of(1, 2, 3, 4),
 * });
 * ```
 */
export function readNpy(bytes: Uint8Array, options: { file?: string } = {}): NpyArray {
  const file = options.file ?? "npy data";
  refuseForeign(bytes, { file, wanted: "a NumPy array", own: ["npy"] });
  const { start, end } = npyHeaderRange(bytes, file);
  const text = String.fromCharCode(...bytes.subarray(start, end));
  const { descr, shape, fortranOrder, bigEndian } = parseNpyHeader(text, start, file);
  const needed = byteLengthOf(shape, NPY_TYPES[descr].BYTES_PER_ELEMENT);
  if (needed === undefined) throw new FormatError(`${file}: shape [${shape}] overflows`);
  if (bytes.length - end !== needed) {
    throw new FormatError(
      `${file}: byte ${end}: ${
        bytes.length - end
      } bytes of data, ${descr} [${shape}] needs ${needed}`,
    );
  }
  const type = NPY_TYPES[descr];
  const stored = bytes.subarray(end);
  const native = bigEndian ? reverseElements(stored, type.BYTES_PER_ELEMENT) : stored;
  const view = viewAs<NpyArray["data"]>(type as ArrayType<NpyArray["data"]>, native);
  const data = fortranOrder && shape.length > 1 ? toCOrder(view, shape) : view;
  // TypeScript cannot infer that the array type was looked up by the same descr.
  return { dtype: descr, shape, data } as NpyArray;
}

/** The data start at a multiple of this, as in numpy. */
const ALIGNMENT = 64;
/** numpy pads the header so that the first size can grow to this many digits. */
const GROWTH_DIGITS = 21;

/**
 * Serialises an array as npy version 1.0, the same bytes as `numpy.save`.
 *
 * @param shape sizes, outermost first; their product is the length of `data`
 * @param data C-ordered elements
 * @throws {RangeError} if shape and data disagree
 */
export function writeNpy(
  shape: readonly number[],
  data: Float32Array | Float64Array,
): Uint8Array<ArrayBuffer> {
  const natural = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!natural || byteLengthOf(shape, data.BYTES_PER_ELEMENT) !== data.byteLength) {
    throw new RangeError(`cannot write npy: ${data.length} elements in shape [${shape}]`);
  }
  const descr = data instanceof Float32Array ? "<f4" : "<f8";
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const growth = shape.length === 0 ? 0 : GROWTH_DIGITS - String(shape[0]).length;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const used = 10 + dict.length + growth + 1;
  const header = dict.padEnd(dict.length + growth + ALIGNMENT - used % ALIGNMENT) + "\n";
  const bytes = new Uint8Array(10 + header.length + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + header.length);
  return bytes;
}
