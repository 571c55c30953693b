/** Finds the dict of weights in a checkpoint. @module */
import { FormatError, UnsafePickleError } from "../../errors.ts";
import {
  describeValue,
  PickleDict,
  PickleTensor,
  PickleUnread,
  type PickleValue,
} from "./pickle_values.ts";
import { shown } from "../../text.ts";

/**
 * Keys under which trainers store weights, best first. Averaged weights are preferred for sampling.
 */
const PARTS: readonly string[] = [
  ...["ema", "model_ema", "ema_model", "ema_state_dict", "state_dict_ema", "params_ema"],
  ...["state_dict", "model_state_dict", "model", "params", "module", "net", "network", "weights"],
];

/** The weights of a checkpoint. */
export interface StateDict {
  /** Tensors by name. */
  readonly tensors: ReadonlyMap<string, PickleTensor>;
  /** Key of the weights, `undefined` if the checkpoint itself is the dict. */
  readonly part: string | undefined;
  /** Number of tensors of every part, by key. */
  readonly parts: ReadonlyMap<string, number>;
  /** Names whose values are not tensors. */
  readonly skipped: readonly string[];
}

/**
 * Takes the dict of tensors out of a checkpoint.
 *
 * @param options.part key to take; by default the first usual key with tensors, else the whole
 * checkpoint
 * @throws {FormatError} naming the keys that exist
 * @throws {UnsafePickleError} if the checkpoint is the result of a call
 */
export function stateDictOf(
  root: PickleValue,
  { file, part: wanted }: { file: string; part?: string },
): StateDict {
  if (!(root instanceof PickleDict)) {
    const kind = root instanceof PickleUnread ? UnsafePickleError : FormatError;
    throw new kind(`${file} holds ${describeValue(root)}, wanted a dict of tensors`, {
      hint: "take the model's state dict, best as a safetensors file",
    });
  }
  const parts = partsOf(root);
  const part = wanted ?? PARTS.find((key) => parts.has(key));
  if (part !== undefined && !parts.has(part)) {
    throw new FormatError(`${file} has no part ${shown(part)} with tensors, only ${keysOf(parts)}`);
  }
  const dict = part === undefined ? root : root.get(part) as PickleDict;
  const tensors = new Map<string, PickleTensor>();
  const skipped: string[] = [];
  for (const [key, value] of dict) {
    if (typeof key === "string" && value instanceof PickleTensor) tensors.set(key, value);
    else skipped.push(String(key));
  }
  if (tensors.size === 0) {
    const hint = parts.size > 0 ? `name the part to take: ${keysOf(parts)}` : undefined;
    throw new FormatError(`${file} holds no tensors, only ${keysOf(dict)}`, { hint });
  }
  return { tensors, part, parts, skipped };
}

function partsOf(root: PickleDict): Map<string, number> {
  const parts = new Map<string, number>();
  for (const [key, value] of root) {
    if (typeof key !== "string" || !(value instanceof PickleDict)) continue;
    const tensors = [...value].filter(([name, item]) =>
      typeof name === "string" && item instanceof PickleTensor
    );
    if (tensors.length > 0) parts.set(key, tensors.length);
  }
  return parts;
}

function keysOf(map: ReadonlyMap<string | number, unknown>): string {
  const keys = [...map.keys()].slice(0, 8).map((key) => shown(String(key).slice(0, 40)));
  if (map.size > keys.length) keys.push(`${map.size - keys.length} more`);
  return keys.join(", ") || "nothing";
}
