import assert from "node:assert/strict";
import { readOnnx } from "../../../src/formats/onnx/onnx.ts";
import { asIdentity, editGraph, withDims } from "../../../src/formats/onnx/onnx_edit.ts";
import { field, integer, join, modelOf } from "./onnx_fixture.ts";

const UNKNOWN = join(field(99, "keep me"), integer(100, 7));
const TYPE = field(2, field(1, join(integer(1, 7), field(2, field(1, integer(1, 3))))));
const INPUT = field(11, join(field(1, "x"), TYPE, field(3, "note"), UNKNOWN));
const WEIGHTS = field(
  5,
  join(integer(1, 500), integer(2, 3), field(9, new Uint8Array(500).fill(9))),
);
const NODE = field(
  1,
  join(
    ...[field(1, "x"), field(1, "axes"), field(2, "y"), field(3, "first")],
    ...[field(4, "Unsqueeze"), field(5, field(1, "axes")), field(7, "ai.onnx"), UNKNOWN],
  ),
);
const BYTES = join(modelOf(NODE, WEIGHTS, INPUT, UNKNOWN), field(2, "after the graph"), UNKNOWN);

Deno.test("editGraph() without edits returns the same bytes", () => {
  assert.deepEqual(editGraph(BYTES, readOnnx(BYTES), new Map()), BYTES);
});

Deno.test("editGraph() changes the given fields and no other byte", () => {
  const model = readOnnx(BYTES);
  const [input] = model.graph.inputs;
  const [node] = model.graph.nodes;
  const edited = editGraph(
    BYTES,
    model,
    new Map([
      [input.field, withDims(BYTES, input, ["batch"])],
      [node.field, asIdentity(BYTES, node)],
    ]),
  );
  const newType = field(2, field(1, join(integer(1, 7), field(2, field(1, field(2, "batch"))))));
  const newInput = field(11, join(field(1, "x"), field(3, "note"), UNKNOWN, newType));
  const newNode = field(
    1,
    join(field(1, "x"), field(2, "y"), field(3, "first"), UNKNOWN, field(4, "Identity")),
  );
  const wanted = modelOf(newNode, WEIGHTS, newInput, UNKNOWN);
  assert.deepEqual(edited, join(wanted, field(2, "after the graph"), UNKNOWN));
});

Deno.test("editGraph() removes a field and does not change its argument", () => {
  const before = BYTES.slice();
  const model = readOnnx(BYTES);
  const edited = editGraph(BYTES, model, new Map([[model.graph.nodes[0].field, undefined]]));
  const wanted = modelOf(WEIGHTS, INPUT, UNKNOWN);
  assert.deepEqual(edited, join(wanted, field(2, "after the graph"), UNKNOWN));
  assert.deepEqual(BYTES, before);
});
