/** How weights are stored. @module */

/**
 * Storage of weights that are computed with in float32: as they are, or large ones as fp16 with a
 * Cast in the graph.
 */
export type WeightStorage = "fp32" | "fp16";

/** Element type in a file, in safetensors' spelling. */
export type StoredType = "F32" | "F16";

/** Tensors of fewer elements stay float32: nothing is saved by rounding a bias. */
const STORED_SMALLER = 1024;

/** Storage of a weight where large ones are halved. */
export function halfOf(shape: readonly number[]): StoredType {
  const count = shape.reduce((product, size) => product * size, 1);
  return shape.length >= 2 && count >= STORED_SMALLER ? "F16" : "F32";
}
