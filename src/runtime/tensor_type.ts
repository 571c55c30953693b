/**
 * Element types of tensors and the typed arrays that hold them.
 * @module
 */
import { elementsOf } from "../elements_of.ts";
import { ELEMENT_TYPES } from "../../ffi/ort_enums.ts";

/**
 * The typed array of each element type. `bool` is one byte per element; `bfloat16` is its raw 16
 * bits.
 */
export interface TensorDataByType {
  /** 32-bit floats. */
  float32: Float32Array;
  /** 16-bit floats. */
  float16: Float16Array;
  /** 64-bit floats. */
  float64: Float64Array;
  /** 8-bit signed integers. */
  int8: Int8Array;
  /** 16-bit signed integers. */
  int16: Int16Array;
  /** 32-bit signed integers. */
  int32: Int32Array;
  /** 64-bit signed integers. */
  int64: BigInt64Array;
  /** 8-bit unsigned integers. */
  uint8: Uint8Array;
  /** 16-bit unsigned integers. */
  uint16: Uint16Array;
  /** 32-bit unsigned integers. */
  uint32: Uint32Array;
  /** 64-bit unsigned integers. */
  uint64: BigUint64Array;
  /** One byte per element, 0 or 1. */
  bool: Uint8Array;
  /** The raw 16 bits of a bfloat16. */
  bfloat16: Uint16Array;
}

/** Element type of a {@link Tensor}. */
export type TensorType = keyof TensorDataByType;

/** Typed array that holds the elements of type `T`. */
export type TensorData<T extends TensorType = TensorType> = TensorDataByType[T];

type ArrayConstructor = {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TensorData & ArrayBufferView<ArrayBuffer>;
  new (buffer: ArrayBufferLike): TensorData;
};

/** Constructor of the typed array of each element type. */
export const TENSOR_ARRAYS: Readonly<Record<TensorType, ArrayConstructor>> = {
  float32: Float32Array,
  float16: Float16Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
  bfloat16: Uint16Array,
};

const TYPES_BY_NUMBER = new Map<number, TensorType | "string">(
  Object.entries(ELEMENT_TYPES).map(([name, number]) => [number, name as TensorType | "string"]),
);

/**
 * Element type by ONNX's number, "unsupported" for those without a typed array (complex, float8,
 * 4-bit).
 */
export function elementType(number: number): TensorType | "string" | "unsupported" {
  return TYPES_BY_NUMBER.get(number) ?? "unsupported";
}

/**
 * Number of elements of a tensor with these dimensions; 1 for a scalar.
 *
 * @throws {RangeError} when a dimension is not a whole number from 0 on, or the product exceeds
 * 2^53 − 1
 */
export function elementCount(dims: readonly number[]): number {
  const bad = dims.find((dim) => !Number.isSafeInteger(dim) || dim < 0);
  if (bad !== undefined) {
    throw new RangeError(`tensor dimensions [${dims}] hold ${bad}, wanted whole numbers from 0 on`);
  }
  const count = elementsOf(dims);
  if (!Number.isSafeInteger(count)) {
    throw new RangeError(`tensor dimensions [${dims}] have more elements than an array can hold`);
  }
  return count;
}
