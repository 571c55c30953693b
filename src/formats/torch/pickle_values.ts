/**
 * Values of a checkpoint's pickle: data, and records of the objects that PyTorch would build.
 * @module
 */
import type { ListedDtype } from "../element_types.ts";
import { shown } from "../../text.ts";

/** A value on the stack. Lists are arrays, dicts are Maps, integers beyond 2^53 are bigints. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleFloat
  | PickleBytes
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleSet
  | PickleUnread
  | PickleGlobal
  | PickleNamespace
  | PickleStorage
  | PickleTensor;

/** A float. It is distinct from integers, since 2.0 is not a valid size. */
export class PickleFloat {
  constructor(readonly value: number) {}
}

/** Bytes. Their content is dropped. */
export class PickleBytes {}

/** A set. Its items are dropped. */
export class PickleSet {}

/**
 * An unknown function or class, or the result of calling one. It is only a name; nothing was
 * imported or called.
 */
export class PickleUnread {
  private constructor(
    /** Dotted name, such as `os.system`. */
    readonly name: string,
    /** True for the result of a call, or of anything done with such a result. */
    readonly called: boolean,
  ) {}

  /** The global itself. Its name is cut after 256 characters. */
  static global(module: string, name: string): PickleUnread {
    return new PickleUnread(`${module}.${name}`.slice(0, 256), false);
  }

  /** The result of calling it. */
  result(): PickleUnread {
    return this.called ? this : new PickleUnread(this.name, true);
  }
}

/** A tuple. */
export class PickleTuple {
  /** Depth of nested tuples, this one included. */
  readonly depth: number;

  constructor(readonly items: readonly PickleValue[]) {
    let inner = 0;
    for (const item of items) if (item instanceof PickleTuple) inner = Math.max(inner, item.depth);
    this.depth = inner + 1;
  }
}

/** A dict; `ordered` if it is an OrderedDict. */
export class PickleDict extends Map<string | number, PickleValue> {
  constructor(readonly ordered: boolean) {
    super();
  }
}

/** The globals that a checkpoint may name, and their meaning. */
export type PickleGlobal =
  | { readonly global: "rebuild_tensor" | "rebuild_tensor_v3" | "rebuild_parameter" }
  | { readonly global: "ordered_dict" | "namespace" }
  | { readonly global: "storage" | "dtype"; readonly dtype: ListedDtype };

/**
 * Arguments of a training script, which some PyTorch checkpoints contain. The content is dropped.
 */
export class PickleNamespace {}

/** Elements in an entry of the archive. */
export class PickleStorage {
  constructor(
    readonly key: string,
    readonly dtype: ListedDtype,
    /** Number of elements. */
    readonly count: number,
  ) {}
}

/** A view of a storage, validated to lie inside it. */
export class PickleTensor {
  constructor(
    readonly storage: PickleStorage,
    readonly layout: {
      /** First element. */
      readonly offset: number;
      readonly shape: readonly number[];
      /** Distance between elements of consecutive indexes, by dimension, in elements. */
      readonly strides: readonly number[];
    },
  ) {}
}

/** True for a global of {@link PickleGlobal}. */
export function isGlobal(value: PickleValue | undefined): value is PickleGlobal {
  return typeof value === "object" && value !== null && "global" in value;
}

/** Describes a value for messages. */
export function describeValue(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (Array.isArray(value)) return "a list";
  if (value instanceof PickleFloat) return "a float";
  if (value instanceof PickleBytes) return "bytes";
  if (value instanceof PickleSet) return "a set";
  if (value instanceof PickleUnread) return describeUnread(value);
  if (value instanceof PickleTuple) return "a tuple";
  if (value instanceof PickleDict) return "a dict";
  if (value instanceof PickleStorage) return "a storage";
  if (value instanceof PickleTensor) return "a tensor";
  if (value instanceof PickleNamespace) return "a namespace";
  if (isGlobal(value)) return "a global";
  if (typeof value === "boolean") return "a bool";
  return typeof value === "string" ? "a text" : "an int";
}

function describeUnread({ name, called }: PickleUnread): string {
  return called ? `the result of calling ${shown(name)}` : `the global ${shown(name)}`;
}
