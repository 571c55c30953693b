/** Which of a checkpoint's dicts holds the weights. @module */
import { FormatError } from "../../errors.ts";
import { describeValue, PickleDict, PickleTensor, type PickleValue } from "./pickle_values.ts";
import { shown } from "../shown.ts";

/** Where trainers keep weights beside other things; the averaged ones are those to sample with. */
const PARTS = ["ema", "state_dict", "model"];

/** The weights of a checkpoint. */
export interface StateDict {
  /** Tensors by name. */
  readonly tensors: ReadonlyMap<string, PickleTensor>;
  /** Key that they lie under, `undefined` where the checkpoint is the dict itself. */
  readonly part: string | undefined;
  /** Names of what is no tensor. */
  readonly skipped: readonly string[];
}

/**
 * Takes the dict of tensors out of a checkpoint.
 *
 * @param options.part key to take; by default the first of `ema`, `state_dict`, `model` that is a dict, else the whole
 * @throws {FormatError} naming what there is
 */
export function stateDictOf(
  root: PickleValue,
  { file, part: wanted }: { file: string; part?: string },
): StateDict {
  if (!(root instanceof PickleDict)) {
    throw new FormatError(`${file} holds ${describeValue(root)}, wanted a dict of tensors`);
  }
  const part = wanted ?? PARTS.find((key) => root.get(key) instanceof PickleDict);
  const dict = part === undefined ? root : root.get(part);
  if (!(dict instanceof PickleDict)) {
    throw new FormatError(`${file} has no dict ${shown(String(part))}, only ${keysOf(root)}`);
  }
  const tensors = new Map<string, PickleTensor>();
  const skipped: string[] = [];
  for (const [key, value] of dict) {
    if (typeof key === "string" && value instanceof PickleTensor) tensors.set(key, value);
    else skipped.push(String(key));
  }
  if (tensors.size === 0) throw new FormatError(`${file} holds no tensors, only ${keysOf(dict)}`);
  return { tensors, part, skipped };
}

function keysOf(dict: PickleDict): string {
  const keys = [...dict.keys()].slice(0, 8).map((key) => shown(String(key).slice(0, 40)));
  if (dict.size > keys.length) keys.push(`${dict.size - keys.length} more`);
  return keys.join(", ") || "nothing";
}
