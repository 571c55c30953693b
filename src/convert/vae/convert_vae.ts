/** Converts weights of a diffusers AutoencoderKL to two ONNX networks. @module */
import type { TensorFile } from "../../formats/tensor_file.ts";
import { GraphBuilder } from "../layers/graph_builder.ts";
import { checkTensors } from "../needed_tensors.ts";
import { type ConvertedNetwork, convertNetwork, type NetworkOptions } from "../network.ts";
import { RenamedTensors } from "../renamed_tensors.ts";
import type { VaeConfig } from "./vae_config.ts";
import { buildVaeDecoder, buildVaeEncoder } from "./vae_graph.ts";

/** Options of {@link convertVae}. */
export interface ConvertVaeOptions extends NetworkOptions {
  /** Name of the weights in errors. */
  file: string;
}

/** Both networks of a VAE. */
export interface ConvertedVae {
  /** Latents to pixels. */
  decoder: ConvertedNetwork;
  /** Pixels to latents. */
  encoder: ConvertedNetwork;
}

/** Names of the attention's layers before diffusers 0.15, mapped to the present ones. */
const OLD_NAMES = /\.attentions\.0\.(query|key|value|proj_attn)\.(weight|bias)$/;
const NEW_NAMES: Readonly<Record<string, string>> = {
  query: "to_q",
  key: "to_k",
  value: "to_v",
  proj_attn: "to_out.0",
};

/**
 * Converts to `vae_decoder` and `vae_encoder`.
 *
 * @throws {ModelError} if tensors are missing, not expected or of another shape
 */
export function convertVae(
  tensors: TensorFile,
  config: VaeConfig,
  { file, compute = "float32", storage = "fp32", weightsFile }: ConvertVaeOptions,
): ConvertedVae {
  const weights = new RenamedTensors(
    tensors,
    (name) =>
      name.replace(OLD_NAMES, (_, layer, kind) => `.attentions.0.${NEW_NAMES[layer]}.${kind}`),
  );
  const decoder = new GraphBuilder(compute, storage);
  buildVaeDecoder(decoder, config);
  const encoder = new GraphBuilder(compute, storage);
  buildVaeEncoder(encoder, config);
  const needed = [...decoder.weights.values(), ...encoder.weights.values()];
  checkTensors(weights, needed, { file });
  return {
    decoder: convertNetwork(decoder, weights, { name: "vae_decoder", weightsFile }),
    encoder: convertNetwork(encoder, weights, { name: "vae_encoder", weightsFile }),
  };
}
