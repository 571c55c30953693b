/** Recognises the version of Stable Diffusion in a single file. @module */
import { ModelError, type Wording } from "../../errors.ts";
import type { TensorFile } from "../../formats/tensor_file.ts";
import { shapeOf } from "../needed_tensors.ts";
import { otherFile } from "./other_files.ts";

/** Kinds that are converted. */
export type SingleFileKind = "sd1" | "sd2" | "sdxl";

/** Names of the kinds. */
export const KIND_NAMES: Readonly<Record<SingleFileKind, string>> = {
  sd1: "Stable Diffusion 1",
  sd2: "Stable Diffusion 2",
  sdxl: "Stable Diffusion XL",
};

const CONV_IN = "model.diffusion_model.input_blocks.0.0.weight";
const WANTED = "a checkpoint of Stable Diffusion 1, 2 or XL with UNet, text encoder and VAE";
/** UNets with additional input channels, by their number of channels. */
const OTHER_INPUTS: Readonly<Record<number, string>> = {
  5: "a model with depth as input",
  7: "an upscaler",
  8: "an InstructPix2Pix model",
  9: "an inpainting model",
};

/**
 * Recognises the kind by names and shapes.
 *
 * @throws {ModelError} naming the file's kind and the supported ones
 */
export function singleFileKind(tensors: TensorFile, file: string): SingleFileKind {
  const names = [...tensors.entries.keys()];
  const refuse = (what: string, hint?: Wording): never => {
    throw new ModelError(`${file} is ${what}, wanted ${WANTED}`, { hint });
  };
  const other = otherFile(names, tensors.entries.has(CONV_IN));
  if (other) refuse(other.what, other.hint);
  if (!tensors.entries.has(CONV_IN)) {
    throw new ModelError(`${file} has no tensor ${CONV_IN}, wanted ${WANTED}`, {
      hint: "inspect lists its tensors",
    });
  }
  const [, channels] = shapeOf(tensors, CONV_IN, 4, file);
  if (channels !== 4) refuse(otherInputs(channels));
  if (tensors.entries.has("ztsnr")) {
    refuse("a model for a schedule that ends without signal (ztsnr)");
  }
  const has = (prefix: string) => names.some((name) => name.startsWith(prefix));
  if (has("conditioner.embedders.1.model.")) return "sdxl";
  if (has("conditioner.embedders.0.model.")) refuse("the refiner of Stable Diffusion XL");
  if (has("model.diffusion_model.label_emb.")) refuse("a model with a condition of its own");
  if (has("cond_stage_model.model.")) return "sd2";
  if (has("cond_stage_model.transformer.")) return "sd1";
  return refuse("a UNet without a text encoder");
}

/** Describes a UNet whose number of input channels is not a latent's. */
export function otherInputs(channels: number): string {
  return `${OTHER_INPUTS[channels] ?? "another model"}, whose UNet takes ${channels} channels`;
}
