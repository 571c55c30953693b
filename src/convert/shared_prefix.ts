/** Removes the prefix that a wrapper adds to the names of all tensors. @module */
import { RenamedTensors } from "./renamed_tensors.ts";
import type { TensorFile } from "../formats/tensor_file.ts";

/**
 * A step counter that torch.optim.swa_utils.AveragedModel saves beside the weights that it wraps.
 */
const COUNTER = "n_averaged";

/** Tensors without their prefix. */
export interface Unprefixed {
  readonly tensors: TensorFile;
  /**
   * The removed prefix, or "": `module.` of DistributedDataParallel, `_orig_mod.` of torch.compile,
   * `model.` of Lightning, or several of them.
   */
  readonly prefix: string;
}

/**
 * Removes the prefix that all names share.
 *
 * @param anchor a name of the network without prefix; the prefix is what precedes it in the file
 */
export function withoutSharedPrefix(tensors: TensorFile, anchor: string): Unprefixed {
  const names = [...tensors.entries.keys()];
  if (names.includes(anchor)) return { tensors, prefix: "" };
  const anchored = names.filter((name) => name.endsWith(`.${anchor}`));
  const prefix = anchored[0]?.slice(0, -anchor.length) ?? "";
  const shared = anchored.length === 1 &&
    names.every((name) => name.startsWith(prefix) || name === COUNTER);
  if (!shared) return { tensors, prefix: "" };
  const rename = (name: string) => name === COUNTER ? undefined : name.slice(prefix.length);
  return { tensors: new RenamedTensors(tensors, rename), prefix };
}
