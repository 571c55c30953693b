/**
 * The few things that a checkpoint's pickle may ask to be built, made of data alone: storages, tensors, parameters, empty dicts.
 * `torch/_utils.py` and `torch/serialization.py` of PyTorch (https://github.com/pytorch/pytorch) define the arguments.
 * @module
 */
import { ARRAY_TYPES } from "../element_types.ts";
import {
  describeValue,
  isGlobal,
  PickleDict,
  type PickleGlobal,
  PickleStorage,
  PickleTensor,
  PickleTuple,
  type PickleValue,
} from "./pickle_values.ts";
import { byteLengthOf, MAX_RANK } from "../shape.ts";
import { shown } from "../shown.ts";

/** Refuses at the opcode in hand; `unsafe` where the pickle asked for more than data. */
export interface PickleRefusal {
  malformed(what: string): never;
  unsafe(what: string): never;
}

/** What a name in a pickle means here, `undefined` for every name but these. */
export function knownGlobal(name: string): PickleGlobal | undefined {
  switch (name) {
    case "torch._utils _rebuild_tensor_v2":
      return { global: "rebuild_tensor" };
    case "torch._utils _rebuild_parameter":
      return { global: "rebuild_parameter" };
    case "collections OrderedDict":
      return { global: "ordered_dict" };
    case "argparse Namespace":
      return { global: "namespace" };
    case "torch DoubleStorage":
      return { global: "storage", dtype: "F64" };
    case "torch FloatStorage":
      return { global: "storage", dtype: "F32" };
    case "torch HalfStorage":
      return { global: "storage", dtype: "F16" };
    case "torch BFloat16Storage":
      return { global: "storage", dtype: "BF16" };
    case "torch LongStorage":
      return { global: "storage", dtype: "I64" };
    case "torch IntStorage":
      return { global: "storage", dtype: "I32" };
    case "torch ShortStorage":
      return { global: "storage", dtype: "I16" };
    case "torch CharStorage":
      return { global: "storage", dtype: "I8" };
    case "torch ByteStorage":
      return { global: "storage", dtype: "U8" };
    case "torch BoolStorage":
      return { global: "storage", dtype: "BOOL" };
    default:
      return undefined;
  }
}

/** What REDUCE makes of a global and its arguments. */
export function reduce(
  callee: PickleValue,
  args: PickleValue,
  refusal: PickleRefusal,
): PickleValue {
  if (!isGlobal(callee)) refusal.unsafe(`REDUCE calls ${describeValue(callee)}`);
  if (!(args instanceof PickleTuple)) {
    refusal.malformed(`REDUCE with ${describeValue(args)}, wanted a tuple`);
  }
  const { items } = args;
  switch (callee.global) {
    case "ordered_dict":
      if (items.length > 0) refusal.unsafe("OrderedDict is given arguments");
      return new PickleDict(true);
    case "rebuild_tensor":
      return rebuildTensor(items, refusal);
    case "rebuild_parameter":
      return rebuildParameter(items, refusal);
    default:
      return refusal.unsafe(`REDUCE calls a ${callee.global}`);
  }
}

/** Sizes of the storages' entries, by key. */
export type StorageSizes = (key: string) => number | undefined;

/** The storage that a persistent id names: `("storage", <type>, key, location, count)`. */
export function storageOf(
  id: PickleValue,
  sizeOf: StorageSizes,
  refusal: PickleRefusal,
): PickleStorage {
  const [tag, type, key, location, count, ...more] = id instanceof PickleTuple ? id.items : [];
  const fits = tag === "storage" && isGlobal(type) && type.global === "storage" &&
    typeof key === "string" && typeof location === "string" && isCount(count) && more.length === 0;
  if (!fits) refusal.unsafe("a persistent id that is no storage's");
  const size = sizeOf(key);
  if (size === undefined) {
    refusal.malformed(`there is no entry ${shown(`data/${key}`)} for a storage`);
  }
  const needed = byteLengthOf([count], ARRAY_TYPES[type.dtype].BYTES_PER_ELEMENT);
  if (size !== needed) {
    refusal.malformed(
      `storage ${
        shown(key)
      } of ${count} ${type.dtype} needs ${needed} bytes, its entry has ${size}`,
    );
  }
  return new PickleStorage(key, type.dtype, count);
}

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)` */
function rebuildTensor(args: readonly PickleValue[], refusal: PickleRefusal): PickleTensor {
  const [storage, offset, size, stride, requiresGrad, hooks] = args;
  const shape = countsOf(size);
  const strides = countsOf(stride);
  const fits = args.length === 6 && storage instanceof PickleStorage && isCount(offset) && shape &&
    strides && typeof requiresGrad === "boolean" && isEmptyDict(hooks);
  if (!fits) {
    refusal.unsafe(`_rebuild_tensor_v2 with (${listed(args.map(describeValue))})`);
  }
  if (requiresGrad && !/F/.test(storage.dtype)) refusal.malformed("a gradient of integers");
  const fault = layoutFault(storage, { offset, shape, strides });
  if (fault) {
    refusal.malformed(
      `a tensor of shape [${listed(shape)}], strides [${listed(strides)}]: ${fault}`,
    );
  }
  return new PickleTensor(storage, { offset, shape, strides });
}

/** `_rebuild_parameter(tensor, requires_grad, hooks)` */
function rebuildParameter(args: readonly PickleValue[], refusal: PickleRefusal): PickleTensor {
  const [tensor, requiresGrad, hooks] = args;
  const fits = args.length === 3 && tensor instanceof PickleTensor &&
    typeof requiresGrad === "boolean" && isEmptyDict(hooks);
  if (!fits) refusal.unsafe(`_rebuild_parameter with (${listed(args.map(describeValue))})`);
  if (requiresGrad && !/F/.test(tensor.storage.dtype)) refusal.malformed("a gradient of integers");
  return tensor;
}

function layoutFault(
  storage: PickleStorage,
  { offset, shape, strides }: PickleTensor["layout"],
): string | undefined {
  if (shape.length > MAX_RANK) return `${shape.length} dimensions, at most ${MAX_RANK} are read`;
  if (shape.length !== strides.length) return "not a stride for each size";
  if (offset > storage.count) return `offset ${offset} beyond a storage of ${storage.count}`;
  const bytes = byteLengthOf(shape, ARRAY_TYPES[storage.dtype].BYTES_PER_ELEMENT);
  if (bytes === undefined) return "the shape overflows";
  if (bytes === 0) return undefined;
  const last = shape.reduce((sum, n, i) => sum + (n - 1) * strides[i], offset);
  if (last >= storage.count) return `element ${last} beyond a storage of ${storage.count}`;
  // An expanded tensor repeats elements: a few bytes that claim to be terabytes.
  if (shape.reduce((product, n) => product * n, 1) > storage.count) {
    return `more elements than its storage's ${storage.count}`;
  }
  return undefined;
}

/** A list in a message, cut where it is longer than any honest one. */
function listed(items: readonly (string | number)[]): string {
  const more = items.length > 8 ? `, ${items.length - 8} more` : "";
  return `${items.slice(0, 8).join(", ")}${more}`;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && value >= 0;
}

function countsOf(value: PickleValue | undefined): readonly number[] | undefined {
  if (!(value instanceof PickleTuple)) return undefined;
  const counts = value.items.filter(isCount);
  return counts.length === value.items.length ? counts : undefined;
}

function isEmptyDict(value: PickleValue | undefined): boolean {
  return value instanceof PickleDict && value.size === 0;
}
