/** What the fuzz tests feed to the readers of ONNX files, ours and ONNX Runtime's. @module */
import assert from "node:assert/strict";
import { perRowTimesteps } from "../../../src/models/networks/per_row_timesteps.ts";
import { ModelError } from "../../../src/errors.ts";
import { readOnnx } from "../../../src/formats/onnx/onnx.ts";
import { editGraph } from "../../../src/formats/onnx/onnx_edit.ts";
import type { OnnxModel } from "../../../src/formats/onnx/onnx_types.ts";
import type { FuzzTarget } from "../../support/fuzz.ts";
import { loopModel, scaleModel } from "../../support/models.ts";
import { externalModel, scalarTimestepModel, scatteredModel } from "./onnx_fixture.ts";

/** A model without the places of its parts, which an edit may move. */
function contentOf(model: OnnxModel): unknown {
  const places = ["field", "graphField", "raw"];
  return JSON.parse(JSON.stringify(model, (key, value) => places.includes(key) ? null : value));
}

function parse(bytes: Uint8Array): unknown {
  const model = readOnnx(bytes);
  const copy = editGraph(bytes, model, new Map());
  assert.deepEqual(contentOf(readOnnx(copy)), contentOf(model), "rewriting changed the model");
  try {
    const patched = perRowTimesteps(bytes);
    const again = perRowTimesteps(patched.bytes);
    assert.deepEqual(again.edits, [], "a patched network is patched again");
    return [contentOf(model), patched.edits];
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return [contentOf(model), error.message];
  }
}

export const ONNX_TARGET: FuzzTarget = {
  name: "onnx",
  parse,
  seeds: [
    scaleModel(),
    loopModel(),
    scalarTimestepModel(),
    scatteredModel().bytes,
    externalModel({ location: "model.onnx_data", offset: "4096", length: "16" }),
  ],
  tokens: [
    ...["timestep", "Unsqueeze", "Cast", "Identity", "Reshape", "Expand", "../../", "/", "*/"],
    ...["location", "offset", "length", "\0"],
    ...[[0x3a, 0x00], [0x0a, 0x00], [0x70, 0x01], [0x2a, 0x04], [0x32, 0x02, 0x0a, 0x00]].map((b) =>
      Uint8Array.from(b)
    ),
    ...[[0x80, 0x80, 0x80, 0x80, 0x10], Array(10).fill(0xff), [0x0b], [0x0c], [0x5a, 0x7f]].map((
      b,
    ) => Uint8Array.from(b)),
  ],
};
