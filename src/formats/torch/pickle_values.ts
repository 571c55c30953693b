/**
 * What a checkpoint's pickle can be made of: data, and records of what PyTorch would build from
 * them.
 * @module
 */
import type { ListedDtype } from "../element_types.ts";
import { shown } from "../../text.ts";

/** A value of the machine. Lists are arrays, dicts are Maps; an integer beyond 2^53 is a bigint. */
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

/** A float, apart from the integers: a size of 2.0 is none. */
export class PickleFloat {
  constructor(readonly value: number) {}
}

/** Bytes, their content dropped. */
export class PickleBytes {}

/** A set, its items dropped. */
export class PickleSet {}

/**
 * Something that a pickle names and that is not known here: a function, a class, or what would have
 * come of calling one. It has a name and nothing else; it was neither imported nor called.
 */
export class PickleUnread {
  private constructor(
    /** `os.system` */
    readonly name: string,
    /** True where the pickle asked to call it, or to take its result further. */
    readonly called: boolean,
  ) {}

  /** The global itself; a name is cut where it is longer than any honest one. */
  static global(module: string, name: string): PickleUnread {
    return new PickleUnread(`${module}.${name}`.slice(0, 256), false);
  }

  /** What calling it would have made. */
  result(): PickleUnread {
    return this.called ? this : new PickleUnread(this.name, true);
  }
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
  | { readonly global: "rebuild_tensor" | "rebuild_tensor_v3" | "rebuild_parameter" }
  | { readonly global: "ordered_dict" | "namespace" }
  | { readonly global: "storage" | "dtype"; readonly dtype: ListedDtype };

/** Arguments of a training script that PyTorch checkpoints carry along; its content is dropped. */
export class PickleNamespace {}

/** Elements that lie in an entry of the archive. */
export class PickleStorage {
  constructor(
    readonly key: string,
    readonly dtype: ListedDtype,
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
  return called ? `what calling ${shown(name)} would make` : `the global ${shown(name)}`;
}
