/**
 * Builds the objects that a checkpoint's pickle may build, from data alone: storages, tensors,
 * parameters, empty dicts. `torch/_utils.py` and `torch/serialization.py` of PyTorch
 * (https://github.com/pytorch/pytorch) define the arguments.
 * @module
 */
import { elementsOf } from "../../elements_of.ts";
import { type ListedDtype, typedLength } from "../element_types.ts";
import type { PickleRefusal } from "./pickle_cursor.ts";
import {
  describeValue,
  isGlobal,
  PickleDict,
  type PickleGlobal,
  PickleNamespace,
  PickleStorage,
  PickleTensor,
  PickleTuple,
  PickleUnread,
  type PickleValue,
} from "./pickle_values.ts";
import { MAX_RANK } from "../shape.ts";
import { shown } from "../../text.ts";

/** Element types by PyTorch's names; the last ones appear in `_rebuild_tensor_v3` only. */
const STORAGES: Readonly<Record<string, ListedDtype>> = {
  "torch DoubleStorage": "F64",
  "torch FloatStorage": "F32",
  "torch HalfStorage": "F16",
  "torch BFloat16Storage": "BF16",
  "torch LongStorage": "I64",
  "torch IntStorage": "I32",
  "torch ShortStorage": "I16",
  "torch CharStorage": "I8",
  "torch ByteStorage": "U8",
  "torch BoolStorage": "BOOL",
  "torch ComplexFloatStorage": "C64",
  // Bytes without a type, counted in bytes.
  "torch.storage UntypedStorage": "U8",
};
const DTYPES: Readonly<Record<string, ListedDtype>> = {
  "torch uint16": "U16",
  "torch uint32": "U32",
  "torch uint64": "U64",
  "torch float8_e4m3fn": "F8_E4M3",
  "torch float8_e4m3fnuz": "F8_E4M3FNUZ",
  "torch float8_e5m2": "F8_E5M2",
  "torch float8_e5m2fnuz": "F8_E5M2FNUZ",
  "torch float8_e8m0fnu": "F8_E8M0",
};
const OTHERS: Readonly<Record<string, PickleGlobal>> = {
  "torch._utils _rebuild_tensor_v2": { global: "rebuild_tensor" },
  "torch._utils _rebuild_tensor_v3": { global: "rebuild_tensor_v3" },
  "torch._utils _rebuild_parameter": { global: "rebuild_parameter" },
  "collections OrderedDict": { global: "ordered_dict" },
  "argparse Namespace": { global: "namespace" },
};

/** Returns the meaning of a global, `module name`, `undefined` if it is not accepted. */
export function knownGlobal(name: string): PickleGlobal | undefined {
  if (Object.hasOwn(OTHERS, name)) return OTHERS[name];
  if (Object.hasOwn(STORAGES, name)) return { global: "storage", dtype: STORAGES[name] };
  if (Object.hasOwn(DTYPES, name)) return { global: "dtype", dtype: DTYPES[name] };
  return undefined;
}

/** Returns the result of REDUCE. The result for an unread global is unread. */
export function reduce(
  callee: PickleValue,
  args: PickleValue,
  refusal: PickleRefusal,
): PickleValue {
  if (!(args instanceof PickleTuple)) {
    refusal.malformed(`REDUCE with ${describeValue(args)}, wanted a tuple`);
  }
  if (callee instanceof PickleUnread) return callee.result();
  if (!isGlobal(callee)) refusal.unsafe(`REDUCE calls ${describeValue(callee)}`);
  const { items } = args;
  switch (callee.global) {
    case "ordered_dict":
      if (items.length > 0) refusal.unsafe("OrderedDict is given arguments");
      return new PickleDict(true);
    case "rebuild_tensor":
      return rebuildTensor(items, refusal);
    case "rebuild_tensor_v3":
      return rebuildTensorV3(items, refusal);
    case "rebuild_parameter":
      return rebuildParameter(items, refusal);
    default:
      return refusal.unsafe(`REDUCE calls a ${callee.global}`);
  }
}

/** Returns the result of NEWOBJ: an empty namespace, or an unread object of an unread class. */
export function newObject(
  type: PickleValue,
  args: PickleValue,
  refusal: PickleRefusal,
): PickleValue {
  if (type instanceof PickleUnread && !type.called && args instanceof PickleTuple) {
    return type.result();
  }
  const plain = isGlobal(type) && type.global === "namespace" && args instanceof PickleTuple &&
    args.items.length === 0;
  if (!plain) refusal.unsafe(`NEWOBJ of ${describeValue(type)} with ${describeValue(args)}`);
  return new PickleNamespace();
}

/** Returns the size of a storage's entry, by key. */
export type StorageSizes = (key: string) => number | undefined;

/**
 * Returns the storage of a persistent id, `("storage", <type>, key, location, count)`, unread if
 * its type is.
 */
export function storageOf(
  id: PickleValue,
  sizeOf: StorageSizes,
  refusal: PickleRefusal,
): PickleStorage | PickleUnread {
  const [tag, type, key, location, count, ...more] = id instanceof PickleTuple ? id.items : [];
  const fits = tag === "storage" && typeof key === "string" && typeof location === "string" &&
    isCount(count) && more.length === 0;
  if (fits && type instanceof PickleUnread) return type;
  if (!fits || !isGlobal(type) || type.global !== "storage") {
    refusal.unsafe("a persistent id that is not a storage's");
  }
  const size = sizeOf(key);
  if (size === undefined) {
    refusal.malformed(`there is no entry ${shown(`data/${key}`)} for a storage`);
  }
  const needed = typedLength([count], type.dtype);
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
function rebuildTensor(
  args: readonly PickleValue[],
  refusal: PickleRefusal,
): PickleTensor | PickleUnread {
  const [storage, offset, size, stride, requiresGrad, hooks] = args;
  if (storage instanceof PickleUnread) return storage;
  const shape = countsOf(size);
  const strides = countsOf(stride);
  const fits = args.length === 6 && storage instanceof PickleStorage && isCount(offset) && shape &&
    strides && typeof requiresGrad === "boolean" && isEmptyDict(hooks);
  if (!fits) {
    refusal.unsafe(`_rebuild_tensor_v2 with (${listed(args.map(describeValue))})`);
  }
  checkGradient(requiresGrad, storage, refusal);
  const fault = layoutFault(storage, { offset, shape, strides });
  if (fault) {
    refusal.malformed(
      `a tensor of shape [${listed(shape)}], strides [${listed(strides)}]: ${fault}`,
    );
  }
  return new PickleTensor(storage, { offset, shape, strides });
}

/** `_rebuild_tensor_v3(bytes, offset, size, stride, requires_grad, hooks, dtype)` */
function rebuildTensorV3(
  args: readonly PickleValue[],
  refusal: PickleRefusal,
): PickleTensor | PickleUnread {
  const [storage, ...layout] = args.slice(0, 6);
  const dtype = args[6];
  if (dtype instanceof PickleUnread) return dtype;
  const fits = args.length === 7 && storage instanceof PickleStorage && storage.dtype === "U8" &&
    isGlobal(dtype) && dtype.global === "dtype";
  if (!fits) refusal.unsafe(`_rebuild_tensor_v3 with (${listed(args.map(describeValue))})`);
  const count = storage.count / typedLength([1], dtype.dtype)!;
  if (!Number.isInteger(count)) {
    refusal.malformed(`${storage.count} bytes are not a whole number of ${dtype.dtype}`);
  }
  return rebuildTensor([new PickleStorage(storage.key, dtype.dtype, count), ...layout], refusal);
}

/** `_rebuild_parameter(tensor, requires_grad, hooks)` */
function rebuildParameter(
  args: readonly PickleValue[],
  refusal: PickleRefusal,
): PickleTensor | PickleUnread {
  const [tensor, requiresGrad, hooks] = args;
  if (tensor instanceof PickleUnread) return tensor;
  const fits = args.length === 3 && tensor instanceof PickleTensor &&
    typeof requiresGrad === "boolean" && isEmptyDict(hooks);
  if (!fits) refusal.unsafe(`_rebuild_parameter with (${listed(args.map(describeValue))})`);
  checkGradient(requiresGrad, tensor.storage, refusal);
  return tensor;
}

function checkGradient(wanted: boolean, { dtype }: PickleStorage, refusal: PickleRefusal): void {
  if (wanted && !/[FC]/.test(dtype)) refusal.malformed("a gradient of integers");
}

function layoutFault(
  storage: PickleStorage,
  { offset, shape, strides }: PickleTensor["layout"],
): string | undefined {
  if (shape.length > MAX_RANK) return `${shape.length} dimensions, at most ${MAX_RANK} are read`;
  if (shape.length !== strides.length) return "not a stride for each size";
  if (offset > storage.count) return `offset ${offset} beyond a storage of ${storage.count}`;
  const bytes = typedLength(shape, storage.dtype);
  if (bytes === undefined) return "the shape overflows";
  if (bytes === 0) return undefined;
  const last = shape.reduce((sum, n, i) => sum + (n - 1) * strides[i], offset);
  if (last >= storage.count) return `element ${last} beyond a storage of ${storage.count}`;
  // An expanded tensor repeats elements: a few bytes could stand for terabytes.
  if (elementsOf(shape) > storage.count) {
    return `more elements than its storage's ${storage.count}`;
  }
  return undefined;
}

/** Returns a list for a message, cut after eight items. */
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
