/** Opens a diffusers folder of Stable Diffusion. @module */
import { join } from "node:path";
import { sdSchedulerConfig } from "../model_configs.ts";
import { type TextConfig, textConfig } from "../text_encoder/text_config.ts";
import { unetConfig } from "../unet/unet_config.ts";
import { ModelError } from "../../errors.ts";
import type { JsonObject } from "../../formats/json.ts";
import { shown, shownValue } from "../../text.ts";
import {
  listFolder,
  type OpenNetwork,
  openNetwork,
  openVae,
  readUserJson,
} from "../convert_sources.ts";
import { TRANSFORMERS_STEMS } from "../weights_name.ts";
import { indexSettings, partName, type SdModel } from "./sd_model.ts";
import { readTokenizer } from "./tokenizer_files.ts";

const SETTING = "checkpointPath";
const INDEX = "model_index.json";
const SCHEDULER = "scheduler/scheduler_config.json";
/** Pipelines with these networks. */
const PIPELINES = [
  "StableDiffusionPipeline",
  "StableDiffusionImg2ImgPipeline",
  "StableDiffusionXLPipeline",
  "StableDiffusionXLImg2ImgPipeline",
];

/**
 * Opens the networks, tokenizers and scheduler of a folder.
 *
 * @param vaePath another folder to read the VAE from
 * @throws {ModelError} if a part is missing or belongs to another kind of model
 */
export async function openSdFolder(folder: string, vaePath?: string): Promise<SdModel> {
  const names = await listFolder(SETTING, folder);
  const isXl = names.includes("text_encoder_2");
  const encoders = isXl ? [0, 1] : [0];
  await expectParts(folder, names, wantedParts(encoders, vaePath === undefined));
  const settings = indexSettings(await readIndex(folder));
  using files = new DisposableStack();
  const unet = files.use(
    await openNetwork(SETTING, join(folder, "unet"), { readConfig: unetConfig }),
  );
  const texts: OpenText[] = [];
  const tokenizers: Record<string, Uint8Array> = {};
  for (const i of encoders) {
    const text = files.use(await openText(folder, i));
    texts.push(text);
    Object.assign(tokenizers, await readTokenizers(folder, i, text));
  }
  const vae = files.use(await openVae(...vaeOf(folder, vaePath)));
  const scheduler = await readScheduler(folder, names);
  const owned = files.move();
  return {
    name: isXl ? "Stable Diffusion XL" : "Stable Diffusion",
    ...{ unet, texts, vae, tokenizers, settings },
    scheduler: scheduler ?? sdSchedulerConfig("epsilon"),
    notes: [
      ...[unet, ...texts, vae].flatMap(variantNotes),
      ...scheduler ? [] : [`${folder} has no ${SCHEDULER}, the one of Stable Diffusion 1 is used`],
    ],
    [Symbol.dispose]: () => owned.dispose(),
  };
}

function wantedParts(encoders: readonly number[], vae: boolean): string[] {
  const texts = encoders.flatMap((i) => [partName("text_encoder", i), partName("tokenizer", i)]);
  return [INDEX, "unet", ...texts, ...vae ? ["vae"] : []];
}

type OpenText = OpenNetwork<TextConfig>;

function openText(folder: string, index: number): Promise<OpenText> {
  const path = join(folder, partName("text_encoder", index));
  return openNetwork(SETTING, path, { readConfig: textConfig, stems: TRANSFORMERS_STEMS });
}

/** A tokenizer's files by their names in the model folder. */
async function readTokenizers(
  folder: string,
  index: number,
  { config }: OpenText,
): Promise<Record<string, Uint8Array>> {
  const part = partName("tokenizer", index);
  const { files } = await readTokenizer(SETTING, join(folder, part), { ids: config.vocabulary });
  return Object.fromEntries([...files].map(([name, bytes]) => [`${part}/${name}`, bytes]));
}

function variantNotes({ file, variant }: OpenNetwork<unknown>): string[] {
  return variant === undefined ? [] : [`${file} is used because ${variant} is the only variant`];
}

function vaeOf(folder: string, vaePath: string | undefined): [setting: string, folder: string] {
  return vaePath === undefined ? [SETTING, join(folder, "vae")] : ["vaePath", vaePath];
}

async function expectParts(folder: string, names: readonly string[], wanted: readonly string[]) {
  const missing = wanted.filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  const config = names.includes("config.json")
    ? await readUserJson(SETTING, join(folder, "config.json"))
    : {};
  const kind = typeof config._class_name === "string"
    ? `, it is the folder of a ${shown(config._class_name)}`
    : "";
  throw new ModelError(`${folder} lacks ${missing.join(", ")}${kind}`, {
    hint: "give the folder of a whole diffusers model, or a single file",
  });
}

/** @throws {ModelError} if it is the index of another pipeline */
async function readIndex(folder: string): Promise<JsonObject> {
  const file = join(folder, INDEX);
  const index = await readUserJson(SETTING, file);
  const name = index._class_name;
  if (typeof name === "string" && PIPELINES.includes(name)) return index;
  throw new ModelError(
    `${file}: _class_name is ${shownValue(name ?? null)}, wanted ${PIPELINES[0]} or ${
      PIPELINES[2]
    }`,
  );
}

/** `undefined` if the folder has none. */
async function readScheduler(
  folder: string,
  names: readonly string[],
): Promise<JsonObject | undefined> {
  return names.includes("scheduler")
    ? await readUserJson(SETTING, join(folder, SCHEDULER))
    : undefined;
}
