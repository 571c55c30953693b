/**
 * Tensors: a typed array with dimensions, and the `OrtValue` over it.
 * @module
 */
import { ELEMENT_TYPES } from "../../ffi/ort_enums.ts";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { addressOf, OutPointer } from "../../ffi/pointer.ts";
import { type Environment, sharedOf } from "./environment.ts";
import { elementCount, TENSOR_ARRAYS, type TensorData, type TensorType } from "./tensor_type.ts";

/**
 * Returns the owner of a tensor's `OrtValue`.
 *
 * @internal
 */
export let valueOf: (tensor: Tensor) => OwnedPointer;

/**
 * A tensor over memory that JavaScript owns. ONNX Runtime reads and writes `data` in place, so the
 * tensor pins it: neither is collected while the other is needed. Do not transfer `data`'s buffer
 * to a Worker; share a SharedArrayBuffer instead.
 *
 * @example
 * ```ts
 * import { Environment, Tensor } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * using environment = Environment.open();
 * using tensor = new Tensor(environment, "float32", [2, 3]);
 * assert.equal(tensor.data.length, 6);
 * ```
 */
export class Tensor<T extends TensorType = TensorType> implements Disposable {
  readonly #value: OwnedPointer;
  /** Element type. */
  readonly type: T;
  /** Dimensions, outermost first; empty for a scalar. */
  readonly dims: readonly number[];
  /** The elements in row-major order. ONNX Runtime uses this memory, which stays reachable. */
  readonly data: TensorData<T>;
  /** Length of `data` in bytes when the tensor was created. */
  readonly byteLength: number;

  static {
    valueOf = (tensor) => tensor.#value;
  }

  /**
   * Creates a tensor over the caller's memory, or over zeros.
   *
   * @param environment an open environment
   * @param type element type
   * @param dims dimensions, outermost first; `[]` for a scalar
   * @param data elements, pinned and not copied; may lie over a SharedArrayBuffer; zeros when
   * absent
   * @throws {TypeError} when `data` is not the typed array of `type`, or lies over a resizable or
   * detached buffer
   * @throws {RangeError} when a dimension is no whole number ≥ 0 or `data` has another length than
   * `dims` makes
   */
  constructor(environment: Environment, type: T, dims: readonly number[], data?: TensorData<T>) {
    const { library: { api }, cpuMemory } = sharedOf(environment);
    const memory = data ?? allocate(type, elementCount(dims));
    checkData(type, dims, memory);
    this.type = type;
    this.dims = Object.freeze([...dims]);
    this.data = memory as TensorData<T>;
    this.byteLength = memory.byteLength;
    const out = new OutPointer();
    api.CreateTensorWithDataAsOrtValue(
      cpuMemory.unsafeHandle,
      addressOf(memory),
      BigInt(memory.byteLength),
      BigInt64Array.from(dims, BigInt),
      BigInt(dims.length),
      ELEMENT_TYPES[type],
      out.cell,
    );
    this.#value = new OwnedPointer(out.object, { kind: "Tensor", release: api.ReleaseValue });
  }

  /**
   * Releases the native value, after the runs that use it; `data` stays readable. Can be called
   * twice.
   */
  close(): void {
    this.#value.close();
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function allocate(type: TensorType, length: number): TensorData {
  checkType(type);
  return new TENSOR_ARRAYS[type](length);
}

function checkType(type: TensorType): void {
  if (Object.hasOwn(TENSOR_ARRAYS, type)) return;
  throw new TypeError(
    `tensor type is "${type}", wanted one of ${Object.keys(TENSOR_ARRAYS).join(", ")}`,
  );
}

function checkData(type: TensorType, dims: readonly number[], data: TensorData): void {
  checkType(type);
  const wanted = TENSOR_ARRAYS[type];
  if (!(data instanceof wanted)) {
    const met = Object.prototype.toString.call(data).slice(8, -1);
    throw new TypeError(`data of a ${type} tensor is a ${met}, wanted a ${wanted.name}`);
  }
  // A buffer that can shrink or move would leave ONNX Runtime with a dangling address.
  if (data.buffer instanceof ArrayBuffer && (data.buffer.resizable || data.buffer.detached)) {
    const state = data.buffer.detached ? "detached" : "resizable";
    throw new TypeError(`data of a ${type} tensor lies over a ${state} buffer, wanted a fixed one`);
  }
  const count = elementCount(dims);
  if (data.length !== count) {
    throw new RangeError(
      `data of a ${type} tensor [${dims}] has ${data.length} elements (${data.byteLength} bytes), ` +
        `wanted ${count} (${count * wanted.BYTES_PER_ELEMENT} bytes)`,
    );
  }
}
