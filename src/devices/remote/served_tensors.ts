/**
 * Maps a server's inputs and outputs to those of a network.
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

/** Suffixes of the inputs with the unique rows, and with each row's index among them. */
const UNIQUE = "_unique", INDEX = "_index";

/** A network as a server declares it. */
export interface ServedTensors {
  /** Inputs of the network. */
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /**
   * Inputs of one number a row that the server declares as `[batch, 1]`: Triton's batching has no
   * tensors of rank 1.
   */
  readonly columns: ReadonlySet<string>;
  /** Inputs whose unique rows are sent once. */
  readonly shared: ReadonlyMap<string, SharedInput>;
}

/** Names of the inputs that stand for one whose rows are mostly equal. */
export interface SharedInput {
  readonly unique: string;
  readonly index: string;
}

/** Reads a server's declaration. */
export function servedTensors({ inputs, outputs }: OipModel): ServedTensors {
  const names = new Set(inputs.map(({ name }) => name));
  const shared = new Map<string, SharedInput>();
  for (const unique of names) {
    const name = unique.slice(0, -UNIQUE.length), index = name + INDEX;
    if (unique.endsWith(UNIQUE) && names.has(index)) shared.set(name, { unique, index });
  }
  const indexes = new Set([...shared.values()].map(({ index }) => index));
  const ownName = (tensor: OipTensor) => {
    const own = [...shared].find(([, { unique }]) => unique === tensor.name)?.[0];
    return own === undefined ? tensor : { ...tensor, name: own };
  };
  const columns = new Set(inputs.filter(isColumn).map(({ name }) => name));
  return {
    inputs: inputs.filter(({ name }) => !indexes.has(name)).map(ownName)
      .map((tensor) => metadataOf(tensor, columns.has(tensor.name))),
    outputs: outputs.map((tensor) => metadataOf(tensor, false)),
    columns,
    shared,
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
