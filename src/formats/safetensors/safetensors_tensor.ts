/** A tensor in memory, as returned by every reader of tensors. @module */
import type { SafetensorsData, SafetensorsDtype } from "../element_types.ts";

/** A tensor with its elements in C order, in the typed array of its element type. */
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
