/**
 * How a server's inputs and outputs carry the rows of a network.
 * @module
 */
import type { TensorMetadata } from "../../runtime/model_metadata.ts";
import type { TensorType } from "../../runtime/tensor_type.ts";
import type { OipModel, OipTensor } from "./oip_messages.ts";

/** The protocol's names of element types. */
const DATATYPES: Readonly<Partial<Record<TensorType, string>>> = {
  float32: "FP32",
  float16: "FP16",
  float64: "FP64",
  bfloat16: "BF16",
  int64: "INT64",
  int32: "INT32",
  int16: "INT16",
  int8: "INT8",
  uint8: "UINT8",
  bool: "BOOL",
};

/** The protocol's name of an element type; empty for one that it does not have. */
export function datatypeOf(type: TensorType): string {
  return DATATYPES[type] ?? "";
}

/** End of the name of the input that says which of the unique rows of another input a row has. */
const INDEX = "_index";

/** A network as a server declares it. */
export interface ServedTensors {
  /** Inputs of the network, without those that are indexes. */
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /**
   * Inputs of one number a row that the server declares as `[batch, 1]`: Triton's batching has no
   * tensors of rank 1.
   */
  readonly columns: ReadonlySet<string>;
  /** Inputs whose unique rows are sent once, with the name of the input of their indexes. */
  readonly indexes: ReadonlyMap<string, OipTensor>;
}

/** Reads a server's declaration. */
export function servedTensors({ inputs, outputs }: OipModel): ServedTensors {
  const names = new Set(inputs.map(({ name }) => name));
  const indexed = ({ name }: OipTensor) =>
    name.endsWith(INDEX) && names.has(name.slice(0, -INDEX.length));
  const columns = new Set(inputs.filter(isColumn).map(({ name }) => name));
  return {
    inputs: inputs.filter((tensor) => !indexed(tensor))
      .map((tensor) => metadataOf(tensor, columns.has(tensor.name))),
    outputs: outputs.map((tensor) => metadataOf(tensor, false)),
    columns,
    indexes: new Map(inputs.filter(indexed).map((t) => [t.name.slice(0, -INDEX.length), t])),
  };
}

function isColumn({ shape }: OipTensor): boolean {
  return shape.length === 2 && shape[0] === -1 && shape[1] === 1;
}

function metadataOf({ name, datatype, shape }: OipTensor, column: boolean): TensorMetadata {
  const dims = column ? shape.slice(0, 1) : shape;
  const [type] = Object.entries(DATATYPES).find(([, served]) => served === datatype) ?? [];
  return {
    name,
    type: type as TensorType | undefined ?? "unsupported",
    shape: dims.map((dim, i) => dim >= 0 ? dim : i === 0 ? "batch" : "?"),
  };
}
