/** Converts a VAE to the parts of a model folder. @module */
import { vaeFolderConfig } from "../model_configs.ts";
import type { NetworkOptions } from "../network.ts";
import { convertVae } from "./convert_vae.ts";
import type { VaeConfig } from "./vae_config.ts";
import type { TensorFile } from "../../formats/tensor_file.ts";
import type { FolderPart } from "../convert_folder.ts";
import { withoutSharedPrefix } from "../shared_prefix.ts";

/** A tensor of every VAE; a name that ends with it shows the prefix that a wrapper added. */
const ANCHOR = "decoder.conv_in.weight";

/** Weights of a VAE under diffusers' names. */
export interface VaeWeights {
  tensors: TensorFile;
  config: VaeConfig;
  /** Name of the weights in errors. */
  file: string;
}

/** @throws {ModelError} if tensors are missing, not expected or of another shape */
export function vaeParts(
  { tensors, config, file }: VaeWeights,
  options: NetworkOptions,
): FolderPart[] {
  const plain = withoutSharedPrefix(tensors, ANCHOR).tensors;
  const { decoder, encoder } = convertVae(plain, config, { ...options, file });
  const json = vaeFolderConfig(config);
  return [
    { part: "vae_decoder", network: decoder, config: json },
    { part: "vae_encoder", network: encoder, config: json },
  ];
}
