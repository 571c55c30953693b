/** Describes which weights of a checkpoint are converted. @module */
import type { OpenTensors } from "../formats/open_tensors.ts";
import { shown } from "../text.ts";
import { TorchFile } from "../formats/torch/torch_file.ts";

/** Maximum number of other parts that are listed. */
const NAMED = 8;

/** Which weights of a checkpoint were chosen. */
export interface ChosenWeights {
  /** Key of the state dict; absent if the file is a single state dict. */
  readonly part?: string;
  /** Keys of all state dicts in the file. */
  readonly parts: readonly string[];
  /** Prefix removed from all names. */
  readonly prefix: string;
  /** One line for the user, or "" if there was no choice. */
  readonly text: string;
}

/**
 * Describes which part of a checkpoint was used, which others it has, and which prefix was removed.
 */
export function chosenWeights(tensors: OpenTensors["tensors"], prefix: string): ChosenWeights {
  const part = tensors instanceof TorchFile ? tensors.part : undefined;
  const parts = tensors instanceof TorchFile ? [...tensors.parts.keys()] : [];
  const others = parts.filter((name) => name !== part).slice(0, NAMED).map(shown);
  const words = part === undefined ? [] : [
    `part ${shown(part)}`,
    ...others.length > 0 ? [`not ${others.join(", ")} (see --checkpoint_part)`] : [],
  ];
  if (prefix !== "") words.push(`names without their prefix ${shown(prefix)}`);
  return { part, parts, prefix, text: words.join(", ") };
}
