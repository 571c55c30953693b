/** Inputs and outputs of a network in Triton's words. @module */
import { ModelError } from "../../errors.ts";
import type { OnnxValue } from "../../formats/onnx/onnx_types.ts";

/** An input or output as `config.pbtxt` declares it. */
export interface TritonTensor {
  name: string;
  /** `TYPE_FP32`, … */
  dataType: string;
  /** Dimensions with the batch, −1 for an open one. */
  dims: readonly number[];
}

/** Triton's names of ONNX's element types. */
const DATA_TYPES: Readonly<Record<number, string>> = {
  1: "TYPE_FP32",
  6: "TYPE_INT32",
  7: "TYPE_INT64",
  10: "TYPE_FP16",
  11: "TYPE_FP64",
};

/**
 * Declares an input or output.
 *
 * @param file path of the network, for messages
 * @throws {ModelError} if Triton has no such type, or the shape is unknown
 */
export function tritonTensor(file: string, { name, elemType, dims }: OnnxValue): TritonTensor {
  const dataType = DATA_TYPES[elemType ?? 0];
  if (dataType === undefined || dims === undefined || dims.length === 0) {
    const what = dataType === undefined ? `has the ONNX type ${elemType}` : "has no batch";
    throw new ModelError(`${file}: ${name} ${what}, which cannot be served`);
  }
  return { name, dataType, dims: dims.map((dim) => typeof dim === "number" ? dim : -1) };
}
