/** A Stable Diffusion model to convert, from a folder or a single file. @module */
import type { TextConfig } from "../text_encoder/text_config.ts";
import type { UnetConfig } from "../unet/unet_config.ts";
import { otherInputs } from "../single_file/single_file_kind.ts";
import { ModelError } from "../../errors.ts";
import type { JsonObject } from "../../formats/json.ts";
import type { TensorFile } from "../../formats/tensor_file.ts";
import type { VaeWeights } from "../vae/vae_parts.ts";

/** One network: its weights, its `config.json` and the parsed configuration. */
export interface SdPart<Config> {
  /** Under diffusers' or transformers' names. */
  tensors: TensorFile;
  json: JsonObject;
  config: Config;
  /** What errors call the weights. */
  file: string;
}

/** Content of a model folder; disposing closes the files. */
export interface SdModel extends Disposable {
  /** Name of the kind of model, for output. */
  name: string;
  unet: SdPart<UnetConfig>;
  /** Text encoders, SDXL's second one last. */
  texts: readonly SdPart<TextConfig>[];
  vae: VaeWeights;
  scheduler: JsonObject;
  /** Keys of the source's `model_index.json` that sampling follows. */
  settings: JsonObject;
  /** Files of the tokenizers by their names in the model folder. */
  tokenizers: Readonly<Record<string, Uint8Array>>;
  /** Notes for the user, one line each. */
  notes: readonly string[];
}

/**
 * Checks that the networks of a model fit together.
 *
 * @throws {ModelError} if they do not
 */
export function checkSdModel({ unet, texts, vae }: SdModel): void {
  const { channels, contextWidth } = unet.config;
  const { latentChannels } = vae.config;
  const refuse = (what: string) => {
    throw new ModelError(what, { hint: "the networks do not belong together" });
  };
  if (channels !== 4 && channels !== latentChannels) {
    throw new ModelError(`${unet.file} is ${otherInputs(channels)}, wanted one that takes 4`);
  }
  if (channels !== latentChannels) {
    refuse(`${unet.file} takes ${channels} channels, the latents of ${vae.file} ${latentChannels}`);
  }
  const width = texts.reduce((sum, { config }) => sum + config.width, 0);
  if (width !== contextWidth) {
    const files = texts.map(({ file }) => file).join(" and ");
    refuse(`${unet.file} takes a context ${contextWidth} wide, ${files} makes one of ${width}`);
  }
}

/** Keys of a `model_index.json` that sampling follows. */
export function indexSettings(index: JsonObject): JsonObject {
  const { force_zeros_for_empty_prompt: zeros } = index;
  return zeros === undefined ? {} : { force_zeros_for_empty_prompt: zeros };
}

/** Sub-folder of a text encoder or tokenizer; the names of SDXL's second ones end in _2. */
export function partName(name: string, index: number): string {
  return index === 0 ? name : `${name}_${index + 1}`;
}
