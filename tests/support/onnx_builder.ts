/**
 * Writes tiny ONNX models for tests, with the field numbers of onnx.proto3 beside each line.
 * @module
 */
import { ELEMENT_TYPES, type ElementTypeName } from "../../ffi/ort_enums.ts";

/**
 * An input or output. A number fixes a dimension, a name makes it symbolic, "" leaves it unnamed.
 * Without a shape none is declared.
 */
export interface ValueSpec {
  name: string;
  type: ElementTypeName;
  shape?: readonly (number | string)[];
}

/** A constant tensor; `values` are the little-endian bytes of a typed array. */
export interface TensorSpec {
  name: string;
  type: ElementTypeName;
  dims: readonly number[];
  values?: ArrayBufferView<ArrayBuffer>;
  /** File beside the model with the values. */
  externalFile?: string;
}

/** An attribute, by kind. */
export type AttributeSpec =
  | { int: number }
  | { ints: readonly number[] }
  | { float: number }
  | { string: string }
  | { tensor: TensorSpec }
  | { graph: GraphSpec };

/** One node; `op` is the ONNX operator. */
export interface NodeSpec {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Readonly<Record<string, AttributeSpec>>;
  domain?: string;
}

/** A graph. */
export interface GraphSpec {
  name?: string;
  inputs: readonly ValueSpec[];
  outputs: readonly ValueSpec[];
  nodes: readonly NodeSpec[];
  initializers?: readonly TensorSpec[];
}

/** A model. */
export interface ModelSpec extends GraphSpec {
  producer?: string;
  /** Version of the default operator set; 17 by default. */
  opset?: number;
  /** Free key-value notes. */
  notes?: Readonly<Record<string, string>>;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Returns the bytes of a model. */
export function onnxModel(spec: ModelSpec): Bytes {
  return concat([
    int(1, 8), // ir_version
    text(2, spec.producer ?? "parataa-tests"), // producer_name
    message(7, graph(spec)), // graph
    message(8, int(2, spec.opset ?? 17)), // opset_import { version }
    ...Object.entries(spec.notes ?? {}).map(([key, value]) =>
      message(14, concat([text(1, key), text(2, value)])) // metadata_props
    ),
  ]);
}

function graph(spec: GraphSpec): Bytes {
  return concat([
    ...spec.nodes.map((node) => message(1, nodeBytes(node))), // node
    text(2, spec.name ?? "test"), // name
    ...(spec.initializers ?? []).map((tensor) => message(5, tensorBytes(tensor))), // initializer
    ...spec.inputs.map((value) => message(11, valueBytes(value))), // input
    ...spec.outputs.map((value) => message(12, valueBytes(value))), // output
  ]);
}

function nodeBytes(node: NodeSpec): Bytes {
  return concat([
    ...node.inputs.map((name) => text(1, name)), // input
    ...node.outputs.map((name) => text(2, name)), // output
    text(4, node.op), // op_type
    ...Object.entries(node.attributes ?? {}).map(([name, value]) =>
      message(5, attribute(name, value)) // attribute
    ),
    ...(node.domain ? [text(7, node.domain)] : []), // domain
  ]);
}

function attribute(name: string, value: AttributeSpec): Bytes {
  const [body, type] = attributeBody(value);
  return concat([text(1, name), body, int(20, type)]); // name, value, type
}

function attributeBody(value: AttributeSpec): [body: Bytes, type: number] {
  if ("float" in value) {
    return [concat([tag(2, 5), new Uint8Array(Float32Array.of(value.float).buffer)]), 1]; // f
  }
  if ("int" in value) return [int(3, value.int), 2]; // i
  if ("string" in value) return [text(4, value.string), 3]; // s
  if ("tensor" in value) return [message(5, tensorBytes(value.tensor)), 4]; // t
  if ("graph" in value) return [message(6, graph(value.graph)), 5]; // g
  return [concat(value.ints.map((i) => int(8, i))), 7]; // ints
}

function tensorBytes(tensor: TensorSpec): Bytes {
  const head = [
    ...tensor.dims.map((dim) => int(1, dim)), // dims
    int(2, ELEMENT_TYPES[tensor.type]), // data_type
    text(8, tensor.name), // name
  ];
  if (tensor.externalFile !== undefined) {
    const entry = concat([text(1, "location"), text(2, tensor.externalFile)]);
    return concat([...head, message(13, entry), int(14, 1)]); // external_data, data_location
  }
  const { buffer, byteOffset, byteLength } = tensor.values ?? new Uint8Array();
  return concat([...head, message(9, new Uint8Array(buffer, byteOffset, byteLength))]); // raw_data
}

function valueBytes(value: ValueSpec): Bytes {
  const dims = value.shape?.map((dim) =>
    message(1, typeof dim === "number" ? int(1, dim) : dim ? text(2, dim) : concat([])) // dim
  );
  const tensorType = concat([
    int(1, ELEMENT_TYPES[value.type]), // elem_type
    ...(dims ? [message(2, concat(dims))] : []), // shape
  ]);
  // name, type.tensor_type
  return concat([text(1, value.name), message(2, message(1, tensorType))]);
}

function tag(field: number, wireType: number): Bytes {
  return varint(field * 8 + wireType);
}

function int(field: number, value: number): Bytes {
  return concat([tag(field, 0), varint(value)]);
}

function text(field: number, value: string): Bytes {
  return message(field, new TextEncoder().encode(value));
}

function message(field: number, body: Bytes): Bytes {
  return concat([tag(field, 2), varint(body.length), body]);
}

/** Encodes base 128; a negative number is a 64-bit two's complement. */
function varint(value: number): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

function concat(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
