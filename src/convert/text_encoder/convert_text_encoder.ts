/** Converts weights of a CLIP text encoder to an ONNX network. @module */
import type { TensorFile } from "../../formats/tensor_file.ts";
import { GraphBuilder } from "../layers/graph_builder.ts";
import { checkTensors } from "../needed_tensors.ts";
import { type ConvertedNetwork, convertNetwork, type NetworkOptions } from "../network.ts";
import { RenamedTensors } from "../renamed_tensors.ts";
import type { TextConfig } from "./text_config.ts";
import { buildTextEncoder, type TextOutputs } from "./text_graph.ts";

/** Options of {@link convertTextEncoder}. */
export interface ConvertTextEncoderOptions extends NetworkOptions, TextOutputs {
  /** Name of the weights in errors. */
  file: string;
}

/**
 * Converts a text encoder: `input_ids [batch,positions]` to `last_hidden_state
 * [batch,positions,width]`.
 *
 * @param tensors under transformers' names, with or without `text_model.`
 * @throws {ModelError} if tensors are missing, not expected or of another shape
 */
export function convertTextEncoder(
  tensors: TensorFile,
  config: TextConfig,
  options: ConvertTextEncoderOptions,
): ConvertedNetwork {
  const { file, compute = "float32", storage = "fp32", weightsFile } = options;
  const weights = new RenamedTensors(tensors, fullName);
  const g = new GraphBuilder(compute, storage);
  buildTextEncoder(g, config, options);
  checkTensors(weights, g.weights.values(), { file });
  return convertNetwork(g, weights, { name: "text_encoder", weightsFile });
}

/**
 * Adds `text_model.`, which transformers 5.6 and newer omit, and drops `position_ids`, which is not
 * a weight.
 */
function fullName(name: string): string | undefined {
  if (/(^|\.)embeddings\.position_ids$/.test(name)) return undefined;
  return /^(embeddings|encoder|final_layer_norm)\./.test(name) ? `text_model.${name}` : name;
}
