/**
 * Names, types and shapes of a model's inputs and outputs, and its metadata.
 * @module
 */
import type { OrtApi } from "../../ffi/ort_api.ts";
import { ONNX_TYPE_TENSOR } from "../../ffi/ort_enums.ts";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { cString, OutPointer, pointerAt, readCString, unpackPointers } from "../../ffi/pointer.ts";
import { elementType, type TensorType } from "./tensor_type.ts";

/** An input or output as the model declares it. */
export interface TensorMetadata {
  /** Name to feed or fetch it by. */
  readonly name: string;
  /**
   * Element type; "unsupported" for types without a typed array and for sequences, maps and
   * optionals.
   */
  readonly type: TensorType | "string" | "unsupported";
  /**
   * One entry per dimension: its size, its symbolic name, or "?" when the model gives neither.
   * Empty for a scalar, and also if the model declares no shape: ONNX Runtime does not distinguish
   * them.
   */
  readonly shape: readonly (number | string)[];
}

/** The model's own notes. */
export interface ModelMetadata {
  /** Tool that wrote the model. */
  readonly producerName: string;
  /** Name of the graph. */
  readonly graphName: string;
  /** The free key-value notes. */
  readonly custom: Readonly<Record<string, string>>;
}

/** The inputs of a session in the model's order. */
export function readInputs(api: OrtApi, session: Deno.PointerObject): TensorMetadata[] {
  const count = readCount((cell) => api.SessionGetInputCount(session, cell));
  return Array.from({ length: count }, (_, i) => ({
    name: readAllocated(
      api,
      (allocator, cell) => api.SessionGetInputName(session, BigInt(i), allocator, cell),
    ),
    ...readType(api, (cell) => api.SessionGetInputTypeInfo(session, BigInt(i), cell)),
  }));
}

/** The outputs of a session in the model's order. */
export function readOutputs(api: OrtApi, session: Deno.PointerObject): TensorMetadata[] {
  const count = readCount((cell) => api.SessionGetOutputCount(session, cell));
  return Array.from({ length: count }, (_, i) => ({
    name: readAllocated(
      api,
      (allocator, cell) => api.SessionGetOutputName(session, BigInt(i), allocator, cell),
    ),
    ...readType(api, (cell) => api.SessionGetOutputTypeInfo(session, BigInt(i), cell)),
  }));
}

/** The model's own notes. */
export function readModelMetadata(api: OrtApi, session: Deno.PointerObject): ModelMetadata {
  const out = new OutPointer();
  api.SessionGetModelMetadata(session, out.cell);
  const release = api.ReleaseModelMetadata;
  using owner = new OwnedPointer(out.object, { kind: "ModelMetadata", release });
  const native = owner.unsafeHandle;
  const lookUp = (key: string) =>
    readAllocated(
      api,
      (allocator, cell) =>
        api.ModelMetadataLookupCustomMetadataMap(native, allocator, cString(key), cell),
    );
  return {
    producerName: readAllocated(
      api,
      (allocator, cell) => api.ModelMetadataGetProducerName(native, allocator, cell),
    ),
    graphName: readAllocated(
      api,
      (allocator, cell) => api.ModelMetadataGetGraphName(native, allocator, cell),
    ),
    custom: Object.fromEntries(readCustomKeys(api, native).map((key) => [key, lookUp(key)])),
  };
}

/** Element type and dimensions of a native type-and-shape record. */
export function readTypeAndShape(
  api: OrtApi,
  info: Deno.PointerObject,
): { type: TensorMetadata["type"]; dims: number[] } {
  const type = new Int32Array(1);
  api.GetTensorElementType(info, type);
  const rank = readCount((cell) => api.GetDimensionsCount(info, cell));
  const dims = new BigInt64Array(rank);
  api.GetDimensions(info, dims, BigInt(rank));
  return { type: elementType(type[0]), dims: Array.from(dims, Number) };
}

function readType(
  api: OrtApi,
  getTypeInfo: (cell: BigUint64Array) => void,
): Pick<TensorMetadata, "type" | "shape"> {
  const out = new OutPointer();
  getTypeInfo(out.cell);
  using owner = new OwnedPointer(out.object, { kind: "TypeInfo", release: api.ReleaseTypeInfo });
  const kind = new Int32Array(1);
  api.GetOnnxTypeFromTypeInfo(owner.unsafeHandle, kind);
  if (kind[0] !== ONNX_TYPE_TENSOR) return { type: "unsupported", shape: [] };
  api.CastTypeInfoToTensorInfo(owner.unsafeHandle, out.cell);
  const info = out.object;
  const { type, dims } = readTypeAndShape(api, info);
  const symbols = new BigUint64Array(dims.length);
  api.GetSymbolicDimensions(info, symbols, BigInt(dims.length));
  const names = unpackPointers(symbols).map(readCString);
  return { type, shape: dims.map((dim, i) => dim >= 0 ? dim : names[i] || "?") };
}

function readCount(get: (cell: BigUint64Array) => void): number {
  const cell = new BigUint64Array(1);
  get(cell);
  return Number(cell[0]);
}

/** Default allocator: lives as long as the library and is not released. */
function defaultAllocator(api: OrtApi): Deno.PointerObject {
  const out = new OutPointer();
  api.GetAllocatorWithDefaultOptions(out.cell);
  return out.object;
}

/** Copies a string that the library allocated for us, then frees it; "" for NULL. */
function readAllocated(
  api: OrtApi,
  get: (allocator: Deno.PointerObject, cell: BigUint64Array) => void,
): string {
  const allocator = defaultAllocator(api);
  const out = new OutPointer();
  get(allocator, out.cell);
  const text = readCString(out.pointer);
  if (out.pointer !== null) api.AllocatorFree(allocator, out.pointer);
  return text;
}

function readCustomKeys(api: OrtApi, metadata: Deno.PointerObject): string[] {
  const allocator = defaultAllocator(api);
  const out = new OutPointer();
  const length = new BigInt64Array(1);
  api.ModelMetadataGetCustomMetadataMapKeys(metadata, allocator, out.cell, length);
  const keys = out.pointer;
  if (keys === null) return [];
  const pointers = Array.from({ length: Number(length[0]) }, (_, i) => pointerAt(keys, i));
  const texts = pointers.map(readCString);
  for (const pointer of [...pointers, keys]) api.AllocatorFree(allocator, pointer);
  return texts;
}
