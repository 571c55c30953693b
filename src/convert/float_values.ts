/** Reads weights of any float type as numbers. @module */
import { ModelError } from "../errors.ts";
import { type ListedDtype, viewAs, widenBfloat16 } from "../formats/element_types.ts";
import { widenFloat16 } from "../formats/widen_float16.ts";
import { shown } from "../text.ts";

/** Elements of a weight; halves are widened. */
export type FloatArray = Float32Array | Float64Array;

const READERS: Partial<Record<ListedDtype, (bytes: Uint8Array) => FloatArray>> = {
  F32: (bytes) => viewAs(Float32Array, bytes),
  F16: (bytes) => widenFloat16(viewAs(Uint16Array, bytes)),
  BF16: (bytes) => widenBfloat16(viewAs(Uint16Array, bytes)),
  F64: (bytes) => viewAs(Float64Array, bytes),
};

/**
 * Returns the function from a tensor's bytes to its elements.
 *
 * @param name of the tensor, for the error
 * @throws {ModelError} if the elements are not floats
 */
export function floatReader(name: string, dtype: ListedDtype): (bytes: Uint8Array) => FloatArray {
  const read = READERS[dtype];
  if (read) return read;
  const wanted = Object.keys(READERS).join(", ");
  throw new ModelError(`tensor ${shown(name)} is ${dtype}, wanted one of ${wanted}`);
}
