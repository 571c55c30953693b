/** Converts a DiT checkpoint to an ONNX network. @module */
import type { TensorFile } from "../../formats/tensor_file.ts";
import { checkTensors } from "../needed_tensors.ts";
import { type DitArchitecture, ditArchitecture } from "./dit_architecture.ts";
import { buildDit, type DitPrediction } from "./dit_graph.ts";
import { GraphBuilder } from "../layers/graph_builder.ts";
import { type ConvertedNetwork, convertNetwork, type NetworkOptions } from "../network.ts";

/** Options of {@link convertDit}. */
export interface ConvertDitOptions extends NetworkOptions {
  /** Name of the checkpoint in errors. */
  file: string;
  /** Attention heads, required for a size that is not published. */
  numHeads?: number;
  /**
   * What the checkpoint predicts [epsilon]. The graph converts v to ε. A flow's velocity is the
   * output, and its timestep is float32.
   */
  prediction?: DitPrediction;
}

/** A converted DiT. */
export interface ConvertedDit extends ConvertedNetwork {
  /** Its sizes, from the shapes of its tensors. */
  architecture: DitArchitecture;
}

/**
 * Converts a checkpoint with the official names: inputs `sample [batch,C,h,w]`,
 * `timestep [batch]`, `class_labels [batch]`, output `out_sample [batch,C or 2C,h,w]`.
 *
 * @throws {ModelError} if tensors are missing, not expected or of another shape
 * @throws {UsageError} if the number of heads is required
 *
 * @example
 * ```ts
 * import { convertDit, FileSource, SafetensorsFile } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * using source = FileSource.open("models/dit-emoji/transformer/model.safetensors");
 * const dit = convertDit(await SafetensorsFile.open(source), {
 *   file: "dit-emoji",
 *   numHeads: 4,
 *   weightsFile: "model.safetensors",
 * });
 * assert.deepEqual([dit.architecture.width, dit.architecture.depth], [192, 8]);
 * const folder = await Deno.makeTempDir();
 * await Deno.writeFile(`${folder}/model.onnx`, dit.model);
 * await Deno.writeFile(`${folder}/model.safetensors`, ReadableStream.from(dit.weights()));
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function convertDit(checkpoint: TensorFile, options: ConvertDitOptions): ConvertedDit {
  const { file, prediction = "epsilon", compute = "float32", storage = "fp32" } = options;
  const architecture = ditArchitecture(checkpoint, options);
  const g = new GraphBuilder(compute, storage);
  buildDit(g, architecture, prediction);
  checkTensors(checkpoint, g.weights.values(), { file });
  const network = convertNetwork(g, checkpoint, { name: "dit", weightsFile: options.weightsFile });
  return { ...network, architecture };
}
