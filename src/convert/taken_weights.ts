/** Which of a checkpoint's weights are converted, in words. @module */
import type { OpenTensors } from "../formats/open_tensors.ts";
import { shown } from "../text.ts";
import { TorchFile } from "../formats/torch/torch_file.ts";

/** Most other parts that are named. */
const NAMED = 8;

/** The choice that was made among a checkpoint's weights. */
export interface TakenWeights {
  /** Key of the state dict; absent where the file is one itself. */
  readonly part?: string;
  /** Keys of all state dicts in the file. */
  readonly parts: readonly string[];
  /** What was stripped from all names. */
  readonly prefix: string;
  /** One line for people, or "" where there was no choice. */
  readonly text: string;
}

/**
 * Says which part of a checkpoint was taken, beside which others, and without which prefix of its
 * names.
 */
export function takenWeights(tensors: OpenTensors["tensors"], prefix: string): TakenWeights {
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
