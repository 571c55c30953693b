/** Opens a diffusers folder of Stable Diffusion. @module */
import { join } from "node:path";
import { sdSchedulerConfig } from "../model_configs.ts";
import { textConfig } from "../text_encoder/text_config.ts";
import { unetConfig } from "../unet/unet_config.ts";
import { ModelError } from "../../errors.ts";
import type { JsonObject } from "../../formats/json.ts";
import { shown, shownValue } from "../../text.ts";
import { listFolder, openPart, openVae, readUserJson } from "../convert_sources.ts";
import { TRANSFORMERS_STEMS } from "../weights_name.ts";
import { partName, type SdModel } from "./sd_model.ts";
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
  const textParts = encoders.map((i) => partName("text_encoder", i));
  const tokenizerParts = encoders.map((i) => partName("tokenizer", i));
  const wanted = [INDEX, "unet", ...textParts, ...tokenizerParts];
  if (vaePath === undefined) wanted.push("vae");
  await expectParts(folder, names, wanted);
  await expectPipeline(folder);
  using files = new DisposableStack();
  const notes: string[] = [];
  const note = ({ file, variant }: { file: string; variant?: string }) => {
    if (variant === undefined) return;
    notes.push(`${file} is used because ${variant} is the only variant`);
  };
  const unetPart = files.use(await openPart(SETTING, join(folder, "unet")));
  note(unetPart);
  const unet = { ...unetPart, config: unetConfig(unetPart.json, unetPart.configFile) };
  const texts: SdModel["texts"][number][] = [];
  const tokenizers: Record<string, Uint8Array> = {};
  for (const [i, name] of textParts.entries()) {
    const part = files.use(await openPart(SETTING, join(folder, name), TRANSFORMERS_STEMS));
    note(part);
    const config = textConfig(part.json, part.configFile);
    texts.push({ ...part, config });
    const ids = config.vocabulary;
    const tokenizer = await readTokenizer(SETTING, join(folder, tokenizerParts[i]), { ids });
    for (const [file, bytes] of tokenizer.files) {
      tokenizers[`${tokenizerParts[i]}/${file}`] = bytes;
    }
  }
  const vae = files.use(await openVae(...vaeOf(folder, vaePath)));
  note(vae);
  const scheduler = await readScheduler(folder, names, notes);
  const owned = files.move();
  return {
    name: isXl ? "Stable Diffusion XL" : "Stable Diffusion",
    ...{ unet, texts, vae, scheduler, tokenizers, notes },
    [Symbol.dispose]: () => owned.dispose(),
  };
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

async function expectPipeline(folder: string): Promise<void> {
  const file = join(folder, INDEX);
  const { _class_name: name } = await readUserJson(SETTING, file);
  if (typeof name === "string" && PIPELINES.includes(name)) return;
  throw new ModelError(
    `${file}: _class_name is ${shownValue(name ?? null)}, wanted ${PIPELINES[0]} or ${
      PIPELINES[2]
    }`,
  );
}

async function readScheduler(
  folder: string,
  names: readonly string[],
  notes: string[],
): Promise<JsonObject> {
  if (names.includes("scheduler")) return await readUserJson(SETTING, join(folder, SCHEDULER));
  notes.push(`${folder} has no ${SCHEDULER}, the one of Stable Diffusion 1 is used`);
  return sdSchedulerConfig("epsilon");
}
