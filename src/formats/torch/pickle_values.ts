/** What a checkpoint's pickle can be made of: data, and records of what PyTorch would build from them. @module */
import type { SafetensorsDtype } from "../element_types.ts";

/** A value of the machine. Lists are arrays, dicts are Maps; an integer beyond 2^53 is a bigint. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleFloat
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleNamespace
  | PickleStorage
  | PickleTensor;

/** A float, apart from the integers: a size of 2.0 is none. */
export class PickleFloat {
  constructor(readonly value: number) {}
}

/** A tuple. */
export class PickleTuple {
  /** How many tuples lie in one another at most, this one included. */
  readonly depth: number;

  constructor(readonly items: readonly PickleValue[]) {
    let inner = 0;
    for (const item of items) if (item instanceof PickleTuple) inner = Math.max(inner, item.depth);
    this.depth = inner + 1;
  }
}

/** A dict, `ordered` where it is an OrderedDict. */
export class PickleDict extends Map<string | number, PickleValue> {
  constructor(readonly ordered: boolean) {
    super();
  }
}

/** The names that a checkpoint may mention, and what they mean here. */
export type PickleGlobal =
  | { readonly global: "rebuild_tensor" | "rebuild_parameter" | "ordered_dict" | "namespace" }
  | { readonly global: "storage"; readonly dtype: SafetensorsDtype };

/** Arguments of a training script that PyTorch checkpoints carry along; its content is dropped. */
export class PickleNamespace {}

/** Elements that lie in an entry of the archive. */
export class PickleStorage {
  constructor(
    readonly key: string,
    readonly dtype: SafetensorsDtype,
    /** Number of elements. */
    readonly count: number,
  ) {}
}

/** A view of a storage, checked to lie inside it. */
export class PickleTensor {
  constructor(
    readonly storage: PickleStorage,
    readonly layout: {
      /** First element. */
      readonly offset: number;
      readonly shape: readonly number[];
      /** Elements from one index to the next, by dimension. */
      readonly strides: readonly number[];
    },
  ) {}
}

/** True for a global of {@link PickleGlobal}. */
export function isGlobal(value: PickleValue | undefined): value is PickleGlobal {
  return typeof value === "object" && value !== null && "global" in value;
}

/** What a value is, for messages. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (Array.isArray(value)) return "a list";
  if (value instanceof PickleFloat) return "a float";
  if (value instanceof PickleTuple) return "a tuple";
  if (value instanceof PickleDict) return "a dict";
  if (value instanceof PickleStorage) return "a storage";
  if (value instanceof PickleTensor) return "a tensor";
  if (value instanceof PickleNamespace) return "a namespace";
  if (isGlobal(value)) return "a global";
  if (typeof value === "boolean") return "a bool";
  return typeof value === "string" ? "a text" : "an int";
}
