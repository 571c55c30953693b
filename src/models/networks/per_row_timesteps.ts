/**
 * Mends networks that were exported with one timestep for the whole batch, so that every row can
 * have its own: the declaration of the input becomes `["batch"]`, and the node that made the scalar
 * a vector passes it through. Weights are not touched.
 *
 * Why this is enough: diffusers' UNet2DConditionModel expands the timestep to the batch before
 * anything else, so its exports begin
 * `Unsqueeze(0) → [Cast] → Expand(batch of sample) → Unsqueeze(1)`, and without the first Unsqueeze
 * a vector flows through the rest. A graph that begins otherwise is refused, with what was found.
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
  /** What errors call the file. */
  file?: string;
}

/** A model that takes a timestep per row. */
export interface PerRowModel {
  /** The file: the given bytes themselves where nothing had to change. */
  bytes: Uint8Array;
  /** What was changed, in words; empty where nothing had to. */
  edits: string[];
}

type Edits = Map<ProtobufField, Uint8Array | undefined>;

/**
 * Gives a network one timestep per row.
 *
 * External data is found by its place relative to the model file: hand the result to ONNX Runtime
 * with that folder (`session.model_external_initializers_file_folder_path`), or write it into the
 * folder.
 *
 * @param bytes the `.onnx` file of the network
 * @returns the mended file; a network that takes `[N]` timesteps already comes back as it is
 * @throws {ModelError} a batch frozen at a size, or a graph that uses its timestep in a way not
 * known to be mendable
 * @throws {FormatError} not an ONNX file
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
 * Size at which a model's batch is frozen: the first dimension of its inputs of rank three or more,
 * where that is a number.
 *
 * @param timestep input to leave out
 */
export function frozenBatch(model: OnnxModel, timestep?: OnnxValue): number | undefined {
  const others = model.graph.inputs.filter((value) => value !== timestep);
  const firsts = others.flatMap(({ dims }) => dims && dims.length >= 3 ? [dims[0]] : []);
  return firsts.find((dim) => typeof dim === "number");
}

/**
 * The name that the other inputs have for the batch, so that the file stays consistent in itself.
 */
function batchName(model: OnnxModel, timestep: OnnxValue): string {
  for (const { name, dims } of model.graph.inputs) {
    if (name !== timestep.name && typeof dims?.[0] === "string") return dims[0];
  }
  return "batch";
}

/**
 * What the file says of shapes between the timestep and its Expand holds no longer; the runtime
 * infers them anew.
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
