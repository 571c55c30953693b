/**
 * ONNX files that the builder of tests/support does not write: parts of ModelProto put together by
 * hand.
 * @module
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { onnxModel } from "../../support/onnx_builder.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A field that holds bytes, a string or a message. */
export function field(number: number, body: Uint8Array | string): Bytes {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
}

/** A field that holds an integer. */
export function integer(number: number, value: number | bigint): Bytes {
  return new BinaryWriter().tag(number, WireType.Varint).int64(value.toString()).finish();
}

export function join(...parts: Uint8Array[]): Bytes {
  const writer = new BinaryWriter();
  for (const part of parts) writer.raw(part);
  return writer.finish();
}

/** TensorProto of shape [4] float32 in another file; the entries are external_data's. */
export function externalTensor(entries: Record<string, string>, name = "w"): Bytes {
  return join(
    integer(1, 4),
    integer(2, 1),
    field(8, name),
    ...Object.entries(entries).map(([key, value]) =>
      field(13, join(field(1, key), field(2, value)))
    ),
    integer(14, 1),
  );
}

/** A model of one graph made of the given fields. */
export function modelOf(...graphFields: Uint8Array[]): Bytes {
  return join(integer(1, 8), field(8, integer(2, 17)), field(7, join(...graphFields)));
}

/** A model with one external initializer. */
export function externalModel(entries: Record<string, string>): Bytes {
  return modelOf(field(5, externalTensor(entries)));
}

/** External data everywhere that a file can have it; returns the model and the locations. */
export function scatteredModel(): { bytes: Bytes; locations: string[] } {
  const at = (location: string) => externalTensor({ location });
  const node = (attribute: Bytes) => field(1, join(field(4, "Op"), field(5, attribute)));
  const graph = join(
    field(5, at("initializer")),
    field(15, join(field(1, at("sparse_values")), field(2, at("sparse_indices")))),
    node(field(5, at("attribute"))),
    node(field(10, at("attribute_list"))),
    node(field(22, field(1, at("sparse_attribute")))),
    node(field(23, field(2, at("sparse_attribute_list")))),
    node(field(6, field(5, at("subgraph")))),
    node(field(11, field(5, at("subgraph_list")))),
  );
  const training = field(
    20,
    join(field(1, field(5, at("training_a"))), field(2, field(5, at("b")))),
  );
  const inFunction = field(7, join(field(4, "Op"), field(5, field(5, at("function")))));
  const defaults = field(11, field(5, at("function_default")));
  const body = field(25, join(field(1, "F"), field(10, "own"), inFunction, defaults));
  const bytes = join(integer(1, 8), field(7, graph), training, body);
  const locations = [
    "initializer",
    "sparse_values",
    "sparse_indices",
    "attribute",
    "attribute_list",
  ];
  locations.push("sparse_attribute", "sparse_attribute_list", "subgraph", "subgraph_list");
  locations.push("training_a", "b", "function", "function_default");
  return { bytes, locations };
}

/**
 * A graph that begins like an exported UNet: timestep → [Cast] → Unsqueeze → Expand to the sample's
 * batch, times sample.
 */
export function scalarTimestepModel(): Bytes {
  const int64 = (name: string, ...values: number[]) => ({
    name,
    type: "int64" as const,
    dims: [values.length],
    values: BigInt64Array.from(values, BigInt),
  });
  return onnxModel({
    inputs: [
      { name: "sample", type: "float32", shape: ["batch", 4, 1] },
      { name: "timestep", type: "float32", shape: [] },
    ],
    outputs: [{ name: "out_sample", type: "float32", shape: ["batch", 4, 1] }],
    initializers: [int64("zero", 0), int64("one", 1), int64("two", 2)],
    nodes: [
      { op: "Unsqueeze", inputs: ["timestep", "zero"], outputs: ["t"] },
      { op: "Cast", inputs: ["t"], outputs: ["cast"], attributes: { to: { int: 1 } } },
      { op: "Shape", inputs: ["sample"], outputs: ["shape"] },
      { op: "Slice", inputs: ["shape", "zero", "one"], outputs: ["rows"] },
      { op: "Expand", inputs: ["cast", "rows"], outputs: ["ts"] },
      { op: "Unsqueeze", inputs: ["ts", "one"], outputs: ["column"] },
      { op: "Unsqueeze", inputs: ["column", "two"], outputs: ["block"] },
      { op: "Mul", inputs: ["sample", "block"], outputs: ["out_sample"] },
    ],
  });
}
