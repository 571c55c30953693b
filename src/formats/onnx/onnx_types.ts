/** Types of the structure that {@link file://./onnx.ts} reads from an ONNX file. @module */

import type { ByteRange, ProtobufField } from "./protobuf.ts";

/** A dimension: its size, its symbolic name, or `undefined` if unknown. */
export type OnnxDim = number | string | undefined;

/** An input or output. */
export interface OnnxValue {
  /** Name that `run` takes. */
  name: string;
  /**
   * ONNX element type (1 float32, 6 int32, 7 int64, 10 float16, …), `undefined` if not a tensor.
   */
  elemType: number | undefined;
  /** Dimensions: `[]` is a scalar, `undefined` an unknown shape. */
  dims: OnnxDim[] | undefined;
  /** Position of its ValueInfoProto. */
  field: ProtobufField;
}

/** Location of a tensor that is stored in another file. */
export interface OnnxExternalData {
  /** Name of the tensor; may be empty inside nodes. */
  tensor: string;
  /**
   * Path relative to the model's folder, parts separated by `/`; never absolute, never with `..`.
   */
  location: string;
  /** First byte in that file. */
  offset: number;
  /** Number of bytes, from the file or from shape and type; `undefined` if unknown. */
  length: number | undefined;
}

/** A tensor's heading. */
export interface OnnxTensor {
  /** Name, empty if a node contains the tensor. */
  name: string;
  /** ONNX element type. */
  elemType: number;
  /** Sizes. */
  dims: number[];
  /** Set if the data lie in another file. */
  external: OnnxExternalData | undefined;
  /** Data as bytes (raw_data), if stored so. */
  raw: ByteRange | undefined;
  /** Data as a list (int64_data), if stored so; at most its first 64 numbers. */
  int64Data: number[];
}

/** An attribute of a node, limited to what the adapters read. */
export interface OnnxAttribute {
  /** Name. */
  name: string;
  /** Integers of `ints`, the first 64 at most. */
  ints: number[];
  /** Tensors of `t`, `tensors` and sparse tensors. */
  tensors: OnnxTensor[];
  /** Graphs of `g` and `graphs`. */
  graphs: OnnxGraph[];
}

/** A node. */
export interface OnnxNode {
  /** Operator. */
  opType: string;
  /** Domain of the operator, empty for ONNX's own. */
  domain: string;
  /** Name, often empty. */
  name: string;
  /** Names of the inputs, empty for an omitted one. */
  inputs: string[];
  /** Names of the outputs. */
  outputs: string[];
  /** Attributes. */
  attributes: OnnxAttribute[];
  /** Position of its NodeProto. */
  field: ProtobufField;
}

/** A graph. */
export interface OnnxGraph {
  /** Nodes in file order. */
  nodes: OnnxNode[];
  /** Inputs, without the initializers that old files list among them. */
  inputs: OnnxValue[];
  /** Outputs. */
  outputs: OnnxValue[];
  /** Types and shapes of intermediate values, as far as the file states them. */
  valueInfo: OnnxValue[];
  /** Constants. */
  initializers: OnnxTensor[];
}

/** A model. */
export interface OnnxModel {
  /** Version of the format. */
  irVersion: number;
  /** Name and version of the program that wrote the file. */
  producer: { name: string; version: string };
  /** Operator set version by domain, `""` for ONNX's own. */
  opsets: Map<string, number>;
  /** Domains of the operators in use, without functions that the file itself defines. */
  domains: string[];
  /** Every tensor that is stored in another file. */
  external: OnnxExternalData[];
  /** The main graph. */
  graph: OnnxGraph;
  /** Position of the main graph. */
  graphField: ProtobufField;
}
