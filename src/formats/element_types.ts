/** Element types of safetensors and the typed arrays that hold them. @module */
import { byteLengthOf } from "./shape.ts";

/** The typed array of each safetensors element type that is accepted. */
export interface SafetensorsData {
  /** Booleans, one byte each. */
  BOOL: Uint8Array;
  /** Unsigned 8-bit integers. */
  U8: Uint8Array;
  /** 8-bit integers. */
  I8: Int8Array;
  /** 16-bit integers. */
  I16: Int16Array;
  /** Unsigned 16-bit integers. */
  U16: Uint16Array;
  /** Half precision. */
  F16: Float16Array;
  /** The raw bits of bfloat16. */
  BF16: Uint16Array;
  /** 32-bit integers. */
  I32: Int32Array;
  /** Unsigned 32-bit integers. */
  U32: Uint32Array;
  /** Single precision. */
  F32: Float32Array;
  /** Double precision. */
  F64: Float64Array;
  /** 64-bit integers. */
  I64: BigInt64Array;
  /** Unsigned 64-bit integers. */
  U64: BigUint64Array;
}

/** Name of a safetensors element type that is read. */
export type SafetensorsDtype = keyof SafetensorsData;

/** Name of an element type that a file may have, read or only listed. */
export type ListedDtype =
  | SafetensorsDtype
  | "F4"
  | "F6_E2M3"
  | "F6_E3M2"
  | "F8_E4M3"
  | "F8_E4M3FNUZ"
  | "F8_E5M2"
  | "F8_E5M2FNUZ"
  | "F8_E8M0"
  | "C64";

/** Bits per element of the types that are listed but not read: no typed array holds them. */
const UNREAD_BITS: Readonly<Record<Exclude<ListedDtype, SafetensorsDtype>, number>> = {
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F8_E4M3: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2: 8,
  F8_E5M2FNUZ: 8,
  F8_E8M0: 8,
  C64: 64,
};

/** Constructor of a typed array over a buffer. */
export interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/** Constructors, in the order by which the reference implementation sorts types in a file. */
export const ARRAY_TYPES: { readonly [D in SafetensorsDtype]: ArrayType<SafetensorsData[D]> } = {
  BOOL: Uint8Array,
  U8: Uint8Array,
  I8: Int8Array,
  I16: Int16Array,
  U16: Uint16Array,
  F16: Float16Array,
  BF16: Uint16Array,
  I32: Int32Array,
  U32: Uint32Array,
  F32: Float32Array,
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
};

/** True if `name` is an element type that is read. */
export function isDtype(name: string): name is SafetensorsDtype {
  return Object.hasOwn(ARRAY_TYPES, name);
}

/** True if `name` is an element type of safetensors, read or only listed. */
export function isListed(name: string): name is ListedDtype {
  return isDtype(name) || Object.hasOwn(UNREAD_BITS, name);
}

/**
 * Returns the bytes of a C-ordered array, `undefined` if {@link byteLengthOf} returns that or the
 * size is not a whole number of bytes.
 *
 * @param shape non-negative safe integers; `[]` is a scalar
 */
export function typedLength(shape: readonly number[], dtype: ListedDtype): number | undefined {
  const bits = bitsOf(dtype);
  if (bits % 8 === 0) return byteLengthOf(shape, bits / 8);
  const total = byteLengthOf(shape, bits);
  return total === undefined || total % 8 !== 0 ? undefined : total / 8;
}

/** Bits of one element. */
function bitsOf(dtype: ListedDtype): number {
  return isDtype(dtype) ? 8 * ARRAY_TYPES[dtype].BYTES_PER_ELEMENT : UNREAD_BITS[dtype];
}

/** Converts the bits of bfloat16 to float32, exactly. */
export function widenBfloat16(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = bits[i] << 16;
  return new Float32Array(wide.buffer);
}

/**
 * Views bytes as a typed array; copies them only if they are not aligned.
 *
 * @param type a typed array constructor
 * @param bytes a whole number of elements, little endian
 */
export function viewAs<T>(type: ArrayType<T>, bytes: Uint8Array): T {
  const aligned = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new type(aligned.buffer, aligned.byteOffset, aligned.length / type.BYTES_PER_ELEMENT);
}
