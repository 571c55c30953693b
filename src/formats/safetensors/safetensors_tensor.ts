/** A tensor in memory, as every reader of tensors gives it. @module */
import type { SafetensorsData, SafetensorsDtype } from "../element_types.ts";

/** A tensor, its elements C-ordered in the typed array that belongs to its type. */
export type SafetensorsTensor = {
  [D in SafetensorsDtype]: {
    /** Element type in safetensors' spelling. */
    readonly dtype: D;
    /** Sizes, outermost first; `[]` is a scalar. */
    readonly shape: readonly number[];
    /** The elements, C-ordered. */
    readonly data: SafetensorsData[D];
  };
}[SafetensorsDtype];
