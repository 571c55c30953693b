/** Opens a single file of Stable Diffusion and what such a file lacks. @module */
import { join } from "node:path";
import { sdSchedulerConfig } from "../model_configs.ts";
import { guessedText, guessedUnet, guessedVae } from "../single_file/guessed_configs.ts";
import { openSingleFile, type SingleFile } from "../single_file/single_file.ts";
import { KIND_NAMES } from "../single_file/single_file_kind.ts";
import { textConfig } from "../text_encoder/text_config.ts";
import { unetConfig } from "../unet/unet_config.ts";
import { vaeConfig } from "../vae/vae_config.ts";
import { ModelError, UsageError } from "../../errors.ts";
import type { JsonObject } from "../../formats/json.ts";
import { listFolder, openUserTensors, openVae, readUserJson } from "../convert_sources.ts";
import type { VaeWeights } from "../vae/vae_parts.ts";
import { indexSettings, partName, type SdModel } from "./sd_model.ts";
import { publishedNote, weightsNotes } from "./single_file_notes.ts";
import { singleFileTokenizers } from "./single_file_tokenizers.ts";

const INDEX = "model_index.json";

/** Options of {@link openSdSingleFile}. */
export interface SdSingleFileOptions {
  /** Key of the state dict to read. */
  part?: string;
  /** Diffusers folder with the configurations that the file lacks. */
  configPath?: string;
  /** Folder of the tokenizer. */
  tokenizerPath?: string;
  /** Folder to read the VAE from. */
  vaePath?: string;
  /** What the UNet predicts, if given. */
  prediction?: "epsilon" | "v_prediction";
  /** Use the weights of the last step even if the file has averaged ones. */
  plainWeights: boolean;
}

/**
 * Opens a file.
 *
 * @throws {ModelError} if it is another kind of file
 * @throws {UsageError} if a flag must supply what it lacks
 */
export async function openSdSingleFile(
  path: string,
  options: SdSingleFileOptions,
): Promise<SdModel> {
  using files = new DisposableStack();
  const checkpoint = files.use(await openUserTensors("checkpointPath", path, options.part));
  const single = openSingleFile(checkpoint.tensors, { file: path, ...options });
  const configs = new Configs(options.configPath);
  const unet = await unetOf(single, configs, path);
  const texts = await Promise.all(single.texts.map((_, i) => textOf(single, i, configs, path)));
  const vae = options.vaePath === undefined
    ? await vaeOf(single, configs, path)
    : files.use(await openVae("vaePath", options.vaePath));
  const scheduler = await schedulerOf(single, configs, { ...options, path });
  const tokenizers = await singleFileTokenizers(single.kind, texts, { ...options, path });
  const settings = indexSettings(await configs.readIndex());
  const notes = weightsNotes(single, checkpoint.tensors);
  if (options.configPath === undefined) {
    notes.push(publishedNote(single.kind, unet.config, scheduler));
  }
  const owned = files.move();
  return {
    name: KIND_NAMES[single.kind],
    ...{ unet, texts, vae, scheduler, tokenizers: tokenizers.files, settings },
    notes: [...notes, ...tokenizers.notes],
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Configurations of a diffusers folder, if one is given. */
class Configs {
  readonly #folder: string | undefined;

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** `undefined` without a folder. @throws {UsageError} if the folder lacks the file */
  async read(part: string, name = "config.json"): Promise<JsonObject | undefined> {
    return this.#folder === undefined
      ? undefined
      : await readUserJson("configPath", join(this.#folder, part, name));
  }

  /** The folder's `model_index.json`; `{}` if there is none. */
  async readIndex(): Promise<JsonObject> {
    if (this.#folder === undefined) return {};
    const names = await listFolder("configPath", this.#folder);
    if (!names.includes(INDEX)) return {};
    return await readUserJson("configPath", join(this.#folder, INDEX));
  }

  /** Name of a configuration in errors. */
  nameOf(part: string, file: string): string {
    return this.#folder === undefined ? file : join(this.#folder, part, "config.json");
  }
}

async function unetOf(
  { unet: tensors, kind }: SingleFile,
  configs: Configs,
  file: string,
): Promise<SdModel["unet"]> {
  const json = await configs.read("unet") ?? guessedUnet(tensors, { file, kind });
  return { tensors, json, config: unetConfig(json, configs.nameOf("unet", file)), file };
}

async function textOf(
  { texts, kind }: SingleFile,
  index: number,
  configs: Configs,
  file: string,
): Promise<SdModel["texts"][number]> {
  const tensors = texts[index];
  const part = partName("text_encoder", index);
  const openClip = kind === "sd2" || index === 1;
  const json = await configs.read(part) ?? guessedText(tensors, { file, openClip });
  return { tensors, json, config: textConfig(json, configs.nameOf(part, file)), file };
}

async function vaeOf(
  { vae: tensors, kind }: SingleFile,
  configs: Configs,
  file: string,
): Promise<VaeWeights> {
  if (tensors === undefined) {
    throw new ModelError((name) =>
      `${file} has no VAE (first_stage_model.), wanted ${name("vaePath")} DIR`
    );
  }
  const json = await configs.read("vae") ?? guessedVae(tensors, { file, kind });
  return { tensors, config: vaeConfig(json, configs.nameOf("vae", file)), file };
}

/** The schedule. Models of version 2 predict ε or v, which no tensor shows. */
async function schedulerOf(
  { kind, predictsV }: SingleFile,
  configs: Configs,
  { prediction, path }: SdSingleFileOptions & { path: string },
): Promise<JsonObject> {
  const own = await configs.read("scheduler", "scheduler_config.json");
  if (own) return prediction === undefined ? own : { ...own, prediction_type: prediction };
  const known = predictsV ? "v_prediction" : kind === "sd2" ? undefined : "epsilon";
  const settled = prediction ?? known;
  if (settled !== undefined) return sdSchedulerConfig(settled);
  throw new UsageError(
    (name) =>
      `${path} is ${KIND_NAMES[kind]}, whose tensors do not say what it predicts: ` +
      `wanted ${name("predictionType")} epsilon or v_prediction`,
    { hint: "epsilon for the base models of 512 pixels, v_prediction for those of 768" },
  );
}
