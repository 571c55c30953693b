/**
 * Patches networks that were exported with one timestep for the whole batch to take one per row.
 * The declaration of the input becomes `["batch"]`, and the node that turned the scalar into a
 * vector becomes Identity. Weights are not changed.
 *
 * This suffices because diffusers' UNet2DConditionModel first expands the timestep to the batch.
 * Its exports begin with `Unsqueeze(0) → [Cast] → Expand(batch of sample) → Unsqueeze(1)`, and
 * without the first Unsqueeze a vector passes through the rest. A graph that begins otherwise is
 * refused.
 * @module
 */

import { ModelError } from "../../errors.ts";
import { readOnnx } from "../../formats/onnx/onnx.ts";
import { asIdentity, editGraph, withDims } from "../../formats/onnx/onnx_edit.ts";
import type { OnnxDim, OnnxGraph, OnnxModel, OnnxValue } from "../../formats/onnx/onnx_types.ts";
import type { ProtobufField } from "../../formats/onnx/protobuf.ts";
import { shown } from "../../text.ts";
import { type Fail, Head } from "./timestep_head.ts";

/** Options of {@linkcode perRowTimesteps}. */
export interface PerRowTimestepsOptions {
  /** Name of the timestep input; default `timestep`. */
  input?: string;
  /** Name of the file in messages. */
  file?: string;
}

/** A model that takes a timestep per row. */
export interface PerRowModel {
  /** Content of the file; the given bytes if nothing had to be changed. */
  bytes: Uint8Array;
  /** Descriptions of the changes; empty if nothing had to be changed. */
  edits: string[];
}

type Edits = Map<ProtobufField, Uint8Array | undefined>;

/**
 * Patches a network to take one timestep per row.
 *
 * External data are found relative to the model file. Pass the result to ONNX Runtime with that
 * folder (`session.model_external_initializers_file_folder_path`), or write it into the folder.
 *
 * @param bytes the `.onnx` file of the network
 * @returns the patched file; a network that already takes `[N]` timesteps is returned unchanged
 * @throws {ModelError} if the batch size is fixed, or the graph uses its timestep in an unknown way
 * @throws {FormatError} if it is not an ONNX file
 *
 * @example
 * ```ts
 * import { perRowTimesteps } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const unet = await Deno.readFile("tests/fixtures/layouts/olive_core_scalar/unet/model.onnx");
 * const { edits } = perRowTimesteps(unet);
 * assert.equal(edits[0], "input timestep: [] -> [batch_size]");
 * ```
 */
export function perRowTimesteps(
  bytes: Uint8Array,
  { input = "timestep", file = "the ONNX model" }: PerRowTimestepsOptions = {},
): PerRowModel {
  const model = readOnnx(bytes, { file });
  const fail: Fail = failure(file);
  const timestep = model.graph.inputs.find((value) => value.name === input);
  if (!timestep) {
    const names = model.graph.inputs.slice(0, 5).map((value) => shown(value.name));
    fail(`no input ${shown(input)} among ${names.join(", ") || "none"}`);
  }
  const { dims } = timestep;
  if (dims === undefined) fail(`the shape of ${input} is not declared`);
  if (dims.length > 1) fail(`${input} has ${dims.length} dimensions, wanted none or one`);
  if (dims.length === 1 && typeof dims[0] !== "number") return { bytes, edits: [] };
  const frozen = frozenBatch(model, timestep) ?? (dims[0] === 1 ? undefined : dims[0]);
  if (frozen !== undefined) {
    fail(`the batch is frozen at ${frozen}`, `split the rows into batches of ${frozen}`);
  }
  const edits: Edits = new Map();
  const axis = batchName(model, timestep);
  edits.set(timestep.field, withDims(bytes, timestep, [axis]));
  const said = [`input ${input}: [${dims.map(dimText).join(", ")}] -> [${axis}]`];
  const head = new Head(bytes, model.graph, fail);
  const heads = head.follow(input, dims.length === 0);
  for (const node of head.axesOf(heads)) edits.set(node.field, undefined);
  for (const node of heads) {
    edits.set(node.field, asIdentity(bytes, node));
    said.push(`${node.opType} ${shown(node.name || node.outputs[0])} -> Identity`);
  }
  dropStaleShapes(model.graph, input, edits);
  return { bytes: editGraph(bytes, model, edits), edits: said };
}

/**
 * Returns the size at which a model's batch is fixed: the first dimension of its inputs of rank
 * three or more, if that is a number.
 *
 * @param timestep input to leave out
 */
export function frozenBatch(model: OnnxModel, timestep?: OnnxValue): number | undefined {
  const others = model.graph.inputs.filter((value) => value !== timestep);
  const firsts = others.flatMap(({ dims }) => dims && dims.length >= 3 ? [dims[0]] : []);
  return firsts.find((dim) => typeof dim === "number");
}

/** Returns the batch's name in the other inputs, so that the file stays consistent. */
function batchName(model: OnnxModel, timestep: OnnxValue): string {
  for (const { name, dims } of model.graph.inputs) {
    if (name !== timestep.name && typeof dims?.[0] === "string") return dims[0];
  }
  return "batch";
}

/**
 * Removes recorded shapes between the timestep and its Expand, which are no longer true. The
 * runtime infers them.
 */
function dropStaleShapes(graph: OnnxGraph, input: string, edits: Edits): void {
  const changed = new Set([input]);
  for (const node of graph.nodes) {
    if (node.opType === "Expand" || !node.inputs.some((name) => changed.has(name))) continue;
    for (const name of node.outputs) changed.add(name);
  }
  for (const value of graph.valueInfo) {
    if (changed.has(value.name)) edits.set(value.field, undefined);
  }
}

function dimText(dim: OnnxDim): string {
  return typeof dim === "string" ? shown(dim) : String(dim ?? "?");
}

function failure(file: string): Fail {
  return (what, hint = "export it with a vector of timesteps") => {
    throw new ModelError(`give ${file} a timestep per row: ${what}`, { hint });
  };
}
