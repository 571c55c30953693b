/**
 * Inputs that have the same value in every call and no batch, such as the positions of tokens. They
 * become initializers, so that every other input has a row per step.
 * @module
 */
import { ModelError } from "../../errors.ts";
import { editGraph, initializerPayload } from "../../formats/onnx/onnx_edit.ts";
import { readOnnx } from "../../formats/onnx/onnx.ts";
import { TENSOR_ARRAYS, type TensorType } from "../../runtime/tensor_type.ts";
import { store } from "./row_buffers.ts";

/** Value of an input. */
export interface ConstantInput {
  /** Name of the input. */
  name: string;
  /** Sizes without a batch of 1, which older exports have. */
  dims: readonly number[];
  /** Its elements, row-major. */
  values: ArrayLike<number>;
}

/** Element types that the inputs may have, by ONNX's numbers. */
const TYPES: Readonly<Record<number, TensorType>> = {
  1: "float32",
  6: "int32",
  7: "int64",
  10: "float16",
  11: "float64",
};

/**
 * The network with these inputs as constants, in the element type of each.
 *
 * @param bytes the `.onnx` file
 * @param file what errors call it
 * @throws {ModelError} when it lacks an input, or an input has another shape or type
 */
export function withConstants(
  bytes: Uint8Array,
  constants: readonly ConstantInput[],
  file: string,
): Uint8Array {
  const model = readOnnx(bytes, { file });
  const names = model.graph.inputs.map(({ name }) => name);
  const edits: Parameters<typeof editGraph>[2] = new Map();
  for (const { name, dims, values } of constants) {
    const input = model.graph.inputs.find((input) => input.name === name);
    if (!input) {
      throw new ModelError(`${file} has inputs ${names.join(", ")}, wanted ${name} too`);
    }
    const type = TYPES[input.elemType ?? 0];
    const own = input.dims ?? [], batched = own.length === dims.length + 1;
    const shape = batched ? [1, ...dims] : dims;
    const fits = own.length === shape.length &&
      own.every((size, i) => typeof size !== "number" || size === shape[i]);
    if (!type || !fits) {
      throw new ModelError(
        `${file}: ${name} has element type ${input.elemType} and sizes [${own.join(", ")}], ` +
          `wanted a number of sizes [${dims.join(", ")}]`,
      );
    }
    const data = new TENSOR_ARRAYS[type](values.length);
    for (let i = 0; i < values.length; i++) store(data, i, values[i]);
    const raw = new Uint8Array(data.buffer);
    edits.set(
      { ...input.field, number: INITIALIZER },
      initializerPayload({ name, dims: shape, elemType: input.elemType!, raw }),
    );
  }
  return editGraph(bytes, model, edits);
}

/** Number of the field in a graph. */
const INITIALIZER = 5;
