/** Converts weights of a diffusers UNet2DConditionModel to an ONNX network. @module */
import type { TensorFile } from "../../formats/tensor_file.ts";
import { GraphBuilder } from "../layers/graph_builder.ts";
import { checkTensors } from "../needed_tensors.ts";
import { type ConvertedNetwork, convertNetwork, type NetworkOptions } from "../network.ts";
import type { UnetConfig } from "./unet_config.ts";
import { buildUnet, type UnetInterface } from "./unet_graph.ts";

/** Options of {@link convertUnet}. */
export interface ConvertUnetOptions extends NetworkOptions, UnetInterface {
  /** Name of the weights in errors. */
  file: string;
}

/**
 * Converts a UNet: inputs `sample [batch,C,height,width]`, `timestep [batch]` (float32, with
 * `epsilonOf` int64), `encoder_hidden_states [batch,tokens,width]`, SDXL's also `text_embeds` and
 * `time_ids`, output `out_sample`.
 *
 * @param tensors under diffusers' names
 * @throws {ModelError} if tensors are missing, not expected or of another shape
 */
export function convertUnet(
  tensors: TensorFile,
  config: UnetConfig,
  options: ConvertUnetOptions,
): ConvertedNetwork {
  const { file, compute = "float32", storage = "fp32", weightsFile } = options;
  const g = new GraphBuilder(compute, storage);
  buildUnet(g, config, options);
  checkTensors(tensors, g.weights.values(), { file });
  return convertNetwork(g, tensors, { name: "unet", weightsFile });
}
