/** Edits the main graph of an ONNX file; all other bytes stay the same. @module */

import { BinaryWriter, WireType } from "npm:@bufbuild/protobuf@2.17.0/wire";
import type { OnnxModel, OnnxNode, OnnxValue } from "./onnx_types.ts";
import { type ProtobufField, ProtobufReader } from "./protobuf.ts";

const GRAPH = 7;
const INITIALIZER = 5;
const EXTERNAL_DATA = 13;

/**
 * Rewrites a file with some fields of its main graph replaced or removed.
 *
 * @param bytes the file
 * @param model result of {@linkcode readOnnx}
 * @param edits new payload by field (a direct child of the main graph); several make several
 * fields, `undefined` removes the field
 * @returns new bytes; `bytes` is not changed
 */
export function editGraph(
  bytes: Uint8Array,
  model: OnnxModel,
  edits: Map<ProtobufField, Uint8Array | readonly Uint8Array[] | undefined>,
): Uint8Array {
  const graph = model.graphField;
  const body: Uint8Array[] = [];
  let at = graph.start;
  for (const [field, edit] of [...edits].sort(([a], [b]) => a.tag - b.tag)) {
    body.push(bytes.subarray(at, field.tag));
    const payloads = edit instanceof Uint8Array ? [edit] : edit ?? [];
    for (const payload of payloads) body.push(header(field.number, payload.length), payload);
    at = field.end;
  }
  body.push(bytes.subarray(at, graph.end));
  const length = body.reduce((sum, chunk) => sum + chunk.length, 0);
  return concat([
    bytes.subarray(0, graph.tag),
    header(GRAPH, length),
    ...body,
    bytes.subarray(graph.end),
  ]);
}

/**
 * Returns the payload of an input's ValueInfoProto with other dimensions, all symbolic. The element
 * type stays the same.
 */
export function withDims(bytes: Uint8Array, value: OnnxValue, dims: string[]): Uint8Array {
  const writer = new BinaryWriter();
  copyFields(writer, bytes, value.field, (field) => field.number !== 2);
  writer.tag(2, WireType.LengthDelimited).fork(); // type
  writer.tag(1, WireType.LengthDelimited).fork(); // tensor_type
  writer.tag(1, WireType.Varint).int32(value.elemType ?? 0);
  writer.tag(2, WireType.LengthDelimited).fork(); // shape
  for (const dim of dims) {
    writer.tag(1, WireType.LengthDelimited).fork().tag(2, WireType.LengthDelimited).string(dim)
      .join();
  }
  return writer.join().join().join().finish();
}

/** Payload of an initializer's TensorProto. */
export function initializerPayload(
  { name, dims, elemType, raw }: {
    name: string;
    dims: readonly number[];
    elemType: number;
    raw: Uint8Array;
  },
): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).fork();
  for (const dim of dims) writer.int64(dim);
  writer.join();
  writer.tag(2, WireType.Varint).int32(elemType);
  writer.tag(8, WireType.LengthDelimited).string(name);
  return writer.tag(9, WireType.LengthDelimited).bytes(raw).finish();
}

/**
 * Returns the payload of a node changed to Identity. The first input, the outputs, the name and the
 * doc string stay; the attributes are removed.
 */
export function asIdentity(bytes: Uint8Array, node: OnnxNode): Uint8Array {
  const writer = new BinaryWriter();
  let inputs = 0;
  copyFields(writer, bytes, node.field, ({ number }) => {
    if (number === 1) return inputs++ === 0;
    return number !== 4 && number !== 5 && number !== 7 && number !== 8;
  });
  return writer.tag(4, WireType.LengthDelimited).string("Identity").finish();
}

/**
 * Rewrites a file with other locations of its external data.
 *
 * @param locations new location by old location; only initializers of the main graph are changed
 */
export function withLocations(
  bytes: Uint8Array,
  model: OnnxModel,
  locations: ReadonlyMap<string, string>,
): Uint8Array {
  const edits = new Map<ProtobufField, Uint8Array>();
  const reader = new ProtobufReader(bytes, "the ONNX model");
  for (const field of reader.fields(model.graphField)) {
    if (field.number !== INITIALIZER) continue;
    const writer = new BinaryWriter();
    for (const part of reader.fields(field)) {
      if (part.number !== EXTERNAL_DATA) {
        writer.raw(bytes.subarray(part.tag, part.end));
        continue;
      }
      const [key, value] = [...reader.fields(part)].map((text) => reader.text(text));
      const moved = key === "location" ? locations.get(value) ?? value : value;
      writer.tag(EXTERNAL_DATA, WireType.LengthDelimited).fork()
        .tag(1, WireType.LengthDelimited).string(key)
        .tag(2, WireType.LengthDelimited).string(moved).join();
    }
    edits.set(field, writer.finish());
  }
  return editGraph(bytes, model, edits);
}

function copyFields(
  writer: BinaryWriter,
  bytes: Uint8Array,
  message: ProtobufField,
  keep: (field: ProtobufField) => boolean,
): void {
  for (const field of new ProtobufReader(bytes, "the ONNX model").fields(message)) {
    if (keep(field)) writer.raw(bytes.subarray(field.tag, field.end));
  }
}

function header(number: number, length: number): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(length).finish();
}

function concat(chunks: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
