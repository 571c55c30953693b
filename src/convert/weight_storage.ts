/** How weights are stored. @module */
import { elementsOf } from "../elements_of.ts";

/**
 * Storage of weights that are used in float32: as float32, or large ones as fp16 with a Cast in the
 * graph.
 */
export type WeightStorage = "fp32" | "fp16";

/** Element type in a file, as safetensors spells it. */
export type StoredType = "F32" | "F16";

/** Tensors of fewer elements stay float32, because halving them saves little. */
const STORED_SMALLER = 1024;

/** Element type of a weight if large ones are stored as fp16. */
export function halfOf(shape: readonly number[]): StoredType {
  return shape.length >= 2 && elementsOf(shape) >= STORED_SMALLER ? "F16" : "F32";
}
