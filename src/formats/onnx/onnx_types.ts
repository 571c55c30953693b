/** What {@link file://./onnx.ts} reads out of an ONNX file, weights aside. @module */

import type { ByteRange, ProtobufField } from "./protobuf.ts";

/** A dimension: its size, its symbolic name, or nothing known. */
export type OnnxDim = number | string | undefined;

/** An input or output. */
export interface OnnxValue {
  /** Name that `run` takes. */
  name: string;
  /**
   * ONNX element type (1 float32, 6 int32, 7 int64, 10 float16, …), `undefined` for what is no
   * tensor.
   */
  elemType: number | undefined;
  /** Dimensions: `[]` is a scalar, `undefined` a shape that the file leaves open. */
  dims: OnnxDim[] | undefined;
  /** Where its ValueInfoProto lies. */
  field: ProtobufField;
}

/** Where a tensor that is not in the file lies. */
export interface OnnxExternalData {
  /** Name of the tensor; may be empty inside nodes. */
  tensor: string;
  /**
   * Path relative to the model's folder, `/` between its parts: never absolute, never through `..`.
   */
  location: string;
  /** First byte in that file. */
  offset: number;
  /** Bytes there: as the file says, else as shape and type say; `undefined` where neither does. */
  length: number | undefined;
}

/** A tensor's heading. */
export interface OnnxTensor {
  /** Name, empty where a node holds the tensor. */
  name: string;
  /** ONNX element type. */
  elemType: number;
  /** Sizes. */
  dims: number[];
  /** Set where the data lies in another file. */
  external: OnnxExternalData | undefined;
  /** Data as bytes (raw_data), where the file has it so. */
  raw: ByteRange | undefined;
  /** Data as a list (int64_data), where the file has it so; its first 64 numbers at most. */
  int64Data: number[];
}

/** An attribute of a node, as far as anyone here asks. */
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
  /** Names of the inputs, empty where one is left out. */
  inputs: string[];
  /** Names of the outputs. */
  outputs: string[];
  /** Attributes. */
  attributes: OnnxAttribute[];
  /** Where its NodeProto lies. */
  field: ProtobufField;
}

/** A graph. */
export interface OnnxGraph {
  /** Nodes in file order. */
  nodes: OnnxNode[];
  /** Inputs, initializers that old files list among them left out. */
  inputs: OnnxValue[];
  /** Outputs. */
  outputs: OnnxValue[];
  /** What the file says of values between. */
  valueInfo: OnnxValue[];
  /** Constants. */
  initializers: OnnxTensor[];
}

/** A model. */
export interface OnnxModel {
  /** Version of the format. */
  irVersion: number;
  /** Program that wrote the file, and its version. */
  producer: { name: string; version: string };
  /** Operator set version by domain, `""` for ONNX's own. */
  opsets: Map<string, number>;
  /** Domains of the operators in use, functions that the file itself defines left out. */
  domains: string[];
  /** Every tensor that lies in another file. */
  external: OnnxExternalData[];
  /** The main graph. */
  graph: OnnxGraph;
  /** Where the main graph lies. */
  graphField: ProtobufField;
}
