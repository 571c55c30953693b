/**
 * Outputs that ONNX Runtime allocated: copied into memory of our own and released at once, so that
 * no view of native memory can outlive it.
 * @module
 */
import type { OrtApi } from "../../ffi/ort_api.ts";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { copyFrom, OutPointer, unpackPointers } from "../../ffi/pointer.ts";
import type { Environment } from "./environment.ts";
import { readTypeAndShape } from "./model_metadata.ts";
import { Tensor } from "./tensor.ts";
import { elementCount, TENSOR_ARRAYS } from "./tensor_type.ts";

/**
 * Copies values into tensors.
 *
 * @param names names of the outputs, for messages and as keys
 * @param fetched pointers to as many values
 * @throws {TypeError} when an output is no tensor of a type that has a typed array
 */
export function copyOutputs(
  api: OrtApi,
  environment: Environment,
  names: readonly string[],
  fetched: BigUint64Array,
): Record<string, Tensor> {
  const values = unpackPointers(fetched);
  const tensors: [name: string, tensor: Tensor][] = [];
  try {
    for (const [i, name] of names.entries()) {
      const value = values[i];
      if (value === null) throw new TypeError(`output "${name}" has no value`);
      tensors.push([name, copyOutput(api, environment, name, value)]);
    }
  } catch (error) {
    for (const [, tensor] of tensors) tensor.close();
    throw error;
  }
  return Object.fromEntries(tensors);
}

/** Releases the values that a run left in `fetched`; null entries are skipped. */
export function releaseValues(api: OrtApi, fetched: BigUint64Array): void {
  for (const value of unpackPointers(fetched)) if (value !== null) api.ReleaseValue(value);
}

function copyOutput(
  api: OrtApi,
  environment: Environment,
  name: string,
  value: Deno.PointerObject,
): Tensor {
  const isTensor = new Int32Array(1);
  api.IsTensor(value, isTensor);
  if (isTensor[0] === 0) throw new TypeError(`output "${name}" is not a tensor`);
  const { type, dims } = readValueType(api, value);
  if (type === "string" || type === "unsupported") {
    throw new TypeError(`output "${name}" has elements of type ${type}`);
  }
  const data = new TENSOR_ARRAYS[type](elementCount(dims));
  const out = new OutPointer();
  api.GetTensorMutableData(value, out.cell);
  if (data.length > 0) copyFrom(out.object, data);
  return new Tensor(environment, type, dims, data);
}

function readValueType(
  api: OrtApi,
  value: Deno.PointerObject,
): ReturnType<typeof readTypeAndShape> {
  const out = new OutPointer();
  api.GetTensorTypeAndShape(value, out.cell);
  const release = api.ReleaseTensorTypeAndShapeInfo;
  using owner = new OwnedPointer(out.object, { kind: "TensorTypeAndShapeInfo", release });
  return readTypeAndShape(api, owner.unsafeHandle);
}
