import assert from "node:assert/strict";
import { FormatError } from "../../../src/errors.ts";
import { readOnnx } from "../../../src/formats/onnx/onnx.ts";
import { externalFiles } from "../../../src/formats/onnx/onnx_external.ts";
import { loopModel, scaleModel } from "../../support/models.ts";
import { onnxModel } from "../../support/onnx_builder.ts";
import {
  externalModel,
  externalTensor,
  field,
  integer,
  join,
  modelOf,
  scatteredModel,
} from "./onnx_fixture.ts";

function refuses(bytes: Uint8Array, message: RegExp): void {
  assert.throws(() => readOnnx(bytes, { file: "m.onnx" }), (error: Error) => {
    assert.ok(error instanceof FormatError, error.stack);
    assert.match(error.message, /^m\.onnx: offset \d+: /);
    assert.match(error.message, message);
    return true;
  });
}

Deno.test("readOnnx() returns versions, producer, domains, inputs and outputs", () => {
  const model = readOnnx(scaleModel());
  assert.equal(model.irVersion, 8);
  assert.deepEqual(model.producer, { name: "unit test", version: "" });
  assert.deepEqual([...model.opsets], [["", 17]]);
  assert.deepEqual(model.domains, [""]);
  assert.deepEqual(
    model.graph.inputs.map(({ name, elemType, dims }) => [name, elemType, dims]),
    [["x", 1, ["batch", 3]], ["scale", 1, []]],
  );
  assert.deepEqual(model.graph.outputs.map(({ name }) => name), ["y"]);
});

Deno.test("readOnnx() distinguishes a scalar from an unknown shape, and fixed, named and unknown sizes", () => {
  const shapes = [[], undefined, [2, "n", ""]];
  const bytes = onnxModel({
    inputs: shapes.map((shape, i) => ({ name: `x${i}`, type: "int64", shape })),
    outputs: [],
    nodes: [],
  });
  const dims = readOnnx(bytes).graph.inputs.map((input) => input.dims);
  assert.deepEqual(dims, [[], undefined, [2, "n", undefined]]);
});

Deno.test("readOnnx() reads a negative size as unknown", () => {
  const shape = field(2, field(1, integer(1, -1)));
  const input = join(field(1, "x"), field(2, field(1, join(integer(1, 1), shape))));
  assert.deepEqual(readOnnx(modelOf(field(11, input))).graph.inputs[0].dims, [undefined]);
});

Deno.test("readOnnx() leaves initializers out of the inputs", () => {
  const weight = { name: "w", type: "float32", dims: [0] } as const;
  const bytes = onnxModel({
    inputs: [{ name: "x", type: "float32" }, { name: "w", type: "float32" }],
    outputs: [],
    nodes: [],
    initializers: [weight],
  });
  assert.deepEqual(readOnnx(bytes).graph.inputs.map(({ name }) => name), ["x"]);
});

Deno.test("readOnnx() reads nested graphs", () => {
  const loop = readOnnx(loopModel()).graph.nodes[0];
  const body = loop.attributes[0].graphs[0];
  assert.deepEqual(body.nodes.map(({ opType }) => opType), ["Identity", "Add"]);
});

Deno.test("readOnnx() lists domains of operators, without those of the file's own functions", () => {
  const node = (op: string, domain: string) => field(1, join(field(4, op), field(7, domain)));
  const body = field(25, join(field(1, "Mine"), field(10, "own")));
  const bytes = join(
    field(7, join(node("Mine", "own"), node("Add", "ai.onnx"), node("Evil", "custom"))),
    body,
  );
  assert.deepEqual(readOnnx(bytes).domains, ["", "custom"]);
  const half = join(field(7, join(node("Mine", "own"), node("Other", "own"))), body);
  assert.deepEqual(readOnnx(half).domains, ["own"]);
});

Deno.test("readOnnx() finds external data of every kind of tensor", () => {
  const { bytes, locations } = scatteredModel();
  assert.deepEqual(readOnnx(bytes).external.map(({ location }) => location), locations);
});

Deno.test("externalFiles() returns the least size of each file", () => {
  const bytes = modelOf(
    field(5, externalTensor({ location: "a.pb", offset: "8", length: "24" })),
    field(5, externalTensor({ location: "a.pb", offset: "4096" }, "by shape")),
    field(5, externalTensor({ location: "sub/b.pb" })),
  );
  assert.deepEqual([...externalFiles(readOnnx(bytes))], [["a.pb", 4112], ["sub/b.pb", 16]]);
});

const ESCAPES = [
  "",
  "../w",
  "a/../../w",
  "a\\..\\w",
  "..",
  "/etc/passwd",
  "\\\\host\\share",
  "C:\\w",
];
ESCAPES.push("c:w", "*/_ORT_MEM_ADDR_/*", "a\0b", "a\nb");
for (const location of ESCAPES) {
  Deno.test(`readOnnx() refuses external data at ${JSON.stringify(location)}`, () => {
    refuses(externalModel({ location }), /tensor "w": external data at "/);
  });
}

Deno.test("readOnnx() accepts external data in a subfolder, and names with dots", () => {
  const model = readOnnx(externalModel({ location: "./data..x/model.onnx_data" }));
  assert.equal(model.external[0].location, "./data..x/model.onnx_data");
});

const LIES: [string, Uint8Array, RegExp][] = [
  ["a file without a graph", integer(1, 8), /no graph/],
  ["text", new TextEncoder().encode("not a model"), /offset \d+/],
  ["a length past the end", Uint8Array.of(0x3a, 5, 0), /offset 0: length 5 too large/],
  ["a length of 2^32 + 1", Uint8Array.of(0x3a, 0x81, 0x80, 0x80, 0x80, 0x10, 0), /too large/],
  ["a node longer than its graph", Uint8Array.of(0x3a, 2, 0x0a, 1, 0), /offset 2: length 1/],
  ["an endless varint", new Uint8Array(20).fill(0xff), /offset 0/],
  ["two graphs", join(field(7, ""), field(7, "")), /field 7 given twice/],
  ["a graph that is a number", integer(7, 1), /field 7 has wire type 0/],
  ["a group", Uint8Array.of(0x3b, 0x3c), /a group/],
  ["a name that is not UTF-8", modelOf(field(1, field(3, Uint8Array.of(0xff)))), /not UTF-8/],
  ["a negative size", modelOf(field(5, integer(1, -1))), /a dimension of -1/],
  ["an external tensor without a place", externalModel({ offset: "0" }), /without a location/],
  ["a negative offset", externalModel({ location: "w", offset: "-1" }), /external offset "-1"/],
  ["an offset past 2^53", externalModel({ location: "w", offset: "9".repeat(16) }), /offset/],
  ["a length in hexadecimal", externalModel({ location: "w", length: "0x10" }), /external length/],
];
for (const [what, bytes, message] of LIES) {
  Deno.test(`readOnnx() refuses ${what}`, () => refuses(bytes, message));
}

Deno.test("readOnnx() refuses an external data key that is given twice", () => {
  const entry = field(13, join(field(1, "location"), field(2, "w")));
  refuses(modelOf(field(5, join(entry, entry, integer(14, 1)))), /names "location" twice/);
});

Deno.test("readOnnx() refuses more than 64 nested graphs", () => {
  let graph: Uint8Array = new Uint8Array();
  for (let depth = 0; depth < 80; depth++) graph = field(1, field(5, field(6, graph)));
  refuses(modelOf(graph), /more than 64 nested graphs/);
});

Deno.test("readOnnx() refuses half a million fields before they fill the memory", () => {
  const fields = new Uint8Array(2 * 510_000);
  for (let at = 0; at < fields.length; at += 2) fields[at] = 0x10; // field 2, varint 0
  refuses(field(7, fields), /more than 500000 fields/);
});

Deno.test("readOnnx() reads more sparse values than a call can have arguments", () => {
  const values = new Uint8Array(2 * 150_000);
  for (let at = 0; at < values.length; at += 2) values[at] = 0x0a; // field 1, an empty tensor
  const attribute = field(1, field(5, field(22, values)));
  const { initializers, nodes } = readOnnx(modelOf(join(field(15, values), attribute))).graph;
  assert.deepEqual([initializers.length, nodes[0].attributes[0].tensors.length], [
    150_000,
    150_000,
  ]);
});

Deno.test("readOnnx() keeps the first 64 integers of a list as long as its file", () => {
  const zeros = new Uint8Array(2e6);
  const tensor = field(5, join(integer(2, 7), field(7, zeros), field(7, zeros)));
  const model = readOnnx(modelOf(join(tensor, field(1, field(5, field(8, zeros))))));
  assert.equal(model.graph.initializers[0].int64Data.length, 64);
  assert.equal(model.graph.nodes[0].attributes[0].ints.length, 64);
  refuses(modelOf(field(5, field(1, zeros))), /a tensor of more than 32 dimensions/);
});

Deno.test("readOnnx() refuses every truncation of a model that loses its graph's end", () => {
  const whole = join(integer(1, 8), field(7, join(field(2, "g"), field(11, field(1, "x")))));
  for (let length = 1; length < whole.length; length++) {
    refuses(whole.subarray(0, length), /offset/);
  }
  readOnnx(whole);
});
