/**
 * Writes ONNX files: a graph of standard operators whose large constants are stored in another
 * file.
 * Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 * @module
 */
import { BinaryWriter, WireType } from "npm:@bufbuild/protobuf@2.17.0/wire";

/** Format version 8 came with operator set 16; every ONNX Runtime since 1.12 reads it. */
const IR_VERSION = 8;

/** ONNX numbers of the element types that are written. */
export const ONNX_TYPES = { float32: 1, int64: 7, float16: 10 } as const;

/** Name of an element type that is written. */
export type OnnxTypeName = keyof typeof ONNX_TYPES;

/** An input or output. A name in place of a size makes the size symbolic. */
export interface OnnxValueSpec {
  name: string;
  type: OnnxTypeName;
  dims: readonly (number | string)[];
}

/** A constant: its little-endian bytes, or their position in a file beside the model. */
export interface OnnxTensorSpec {
  name: string;
  type: OnnxTypeName;
  dims: readonly number[];
  data: Uint8Array | { location: string; offset: number; length: number };
}

/** An attribute, by kind. */
export type OnnxAttributeSpec =
  | { int: number }
  | { ints: readonly number[] }
  | { float: number }
  | {
    string: string;
  };

/** A node with an operator of ONNX's own domain. */
export interface OnnxNodeSpec {
  name: string;
  opType: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, OnnxAttributeSpec>>;
}

/** A model of one graph. */
export interface OnnxModelSpec {
  /** Program that writes the file. */
  producer: string;
  /** Version of the default operator set. */
  opset: number;
  /** Name of the graph. */
  name: string;
  inputs: readonly OnnxValueSpec[];
  outputs: readonly OnnxValueSpec[];
  /** Nodes in topological order. */
  nodes: readonly OnnxNodeSpec[];
  initializers: readonly OnnxTensorSpec[];
}

/** Returns the bytes of the model file. Equal models give equal bytes. */
export function writeOnnx(model: OnnxModelSpec): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(IR_VERSION); // ir_version
  text(writer, 2, model.producer); // producer_name
  message(writer, 7, () => graph(writer, model)); // graph
  // opset_import.version
  message(writer, 8, () => writer.tag(2, WireType.Varint).int64(model.opset));
  return writer.finish();
}

function graph(writer: BinaryWriter, model: OnnxModelSpec): void {
  for (const spec of model.nodes) message(writer, 1, () => node(writer, spec)); // node
  text(writer, 2, model.name); // name
  // initializer
  for (const spec of model.initializers) message(writer, 5, () => tensor(writer, spec));
  for (const spec of model.inputs) message(writer, 11, () => value(writer, spec)); // input
  for (const spec of model.outputs) message(writer, 12, () => value(writer, spec)); // output
}

function node(writer: BinaryWriter, spec: OnnxNodeSpec): void {
  for (const name of spec.inputs) text(writer, 1, name); // input
  for (const name of spec.outputs) text(writer, 2, name); // output
  text(writer, 3, spec.name); // name
  text(writer, 4, spec.opType); // op_type
  for (const [name, given] of Object.entries(spec.attributes)) {
    message(writer, 5, () => attribute(writer, name, given)); // attribute
  }
}

function attribute(writer: BinaryWriter, name: string, given: OnnxAttributeSpec): void {
  text(writer, 1, name); // name
  if ("float" in given) writer.tag(2, WireType.Bit32).float(given.float); // f
  else if ("int" in given) writer.tag(3, WireType.Varint).int64(given.int); // i
  else if ("string" in given) text(writer, 4, given.string); // s
  else for (const int of given.ints) writer.tag(8, WireType.Varint).int64(int); // ints
  const type = "float" in given ? 1 : "int" in given ? 2 : "string" in given ? 3 : 7;
  writer.tag(20, WireType.Varint).int32(type); // type
}

function tensor(writer: BinaryWriter, { name, type, dims, data }: OnnxTensorSpec): void {
  for (const dim of dims) writer.tag(1, WireType.Varint).int64(dim); // dims
  writer.tag(2, WireType.Varint).int32(ONNX_TYPES[type]); // data_type
  text(writer, 8, name); // name
  if (data instanceof Uint8Array) {
    writer.tag(9, WireType.LengthDelimited).bytes(data); // raw_data
    return;
  }
  for (const [key, entry] of Object.entries(data)) {
    message(writer, 13, () => { // external_data
      text(writer, 1, key);
      text(writer, 2, String(entry));
    });
  }
  writer.tag(14, WireType.Varint).int32(1); // data_location: EXTERNAL
}

function value(writer: BinaryWriter, { name, type, dims }: OnnxValueSpec): void {
  text(writer, 1, name); // name
  message(writer, 2, () => { // type
    message(writer, 1, () => { // tensor_type
      writer.tag(1, WireType.Varint).int32(ONNX_TYPES[type]); // elem_type
      message(writer, 2, () => { // shape
        for (const dim of dims) {
          message(writer, 1, () => { // dim
            if (typeof dim === "string") text(writer, 2, dim); // dim_param
            else writer.tag(1, WireType.Varint).int64(dim); // dim_value
          });
        }
      });
    });
  });
}

function text(writer: BinaryWriter, field: number, content: string): void {
  writer.tag(field, WireType.LengthDelimited).string(content);
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}
