/**
 * `convert sd`: converts Stable Diffusion, a diffusers folder or a single file, to a model folder.
 * @module
 */
import { basename, resolve } from "node:path";
import { sdModelIndex } from "../../convert/model_configs.ts";
import type { NetworkOptions } from "../../convert/network.ts";
import { convertTextEncoder } from "../../convert/text_encoder/convert_text_encoder.ts";
import { convertUnet } from "../../convert/unet/convert_unet.ts";
import { UsageError } from "../../errors.ts";
import {
  checkModelFolder,
  type FolderPart,
  writeModelFolder,
} from "../../convert/convert_folder.ts";
import { openSdFolder } from "../../convert/sd/sd_folder.ts";
import { withLoras } from "../../convert/sd/sd_loras.ts";
import { checkSdModel, partName, type SdModel } from "../../convert/sd/sd_model.ts";
import { openSdSingleFile } from "../../convert/sd/sd_single_file.ts";
import { vaeParts } from "../../convert/vae/vae_parts.ts";
import { ConvertReport } from "./convert_report.ts";
import { type ConvertTask, networkOptions, stemOf } from "./convert_values.ts";

/** Flags that supply what a single-file checkpoint lacks. */
const SINGLE_FILE_ONLY = [
  "checkpoint_part",
  "config_path",
  "tokenizer_path",
  "prediction_type",
  "plain_weights",
] as const;

/**
 * Converts all networks of Stable Diffusion.
 *
 * @throws {ModelError} when the checkpoint is of another model
 * @throws {StorageError} when the file system refuses; no files are left behind
 */
export async function convertSdFolder(task: ConvertTask): Promise<void> {
  const { values, signal } = task;
  const { output_path: folder } = values;
  using files = new DisposableStack();
  const base = files.use(await openModel(task));
  checkSdModel(base);
  const model = values.lora === undefined ? base : await withLoras(base, values.lora, files);
  const xl = model.texts.length > 1;
  const { scheduler, settings } = model;
  const plan = {
    folder,
    parts: networks(model, networkOptions(values)),
    stem: stemOf(values),
    shared: {
      ...model.tokenizers,
      "scheduler/scheduler_config.json": scheduler,
      "model_index.json": sdModelIndex(basename(resolve(folder)), { xl, scheduler, settings }),
    },
  };
  const differing = await checkModelFolder(plan);
  const report = new ConvertReport(values);
  report.differing(differing);
  reportModel(report, model);
  for (const note of model.notes) report.note(note);
  const kept = await writeModelFolder(plan, { signal, wrote: report.wrote.bind(report) });
  const flag = values.fp16 ? " --fp16" : "";
  report.done(kept, `deno task sd --model_path ${folder}${flag} --prompt "a cute dog"`);
}

async function openModel(task: ConvertTask): Promise<SdModel> {
  const { values, given } = task;
  const { checkpoint_path: path, vae_path: vaePath } = values;
  const isFolder = await Deno.stat(path).then((info) => info.isDirectory, () => false);
  if (!isFolder) {
    return await openSdSingleFile(path, {
      part: values.checkpoint_part,
      configPath: values.config_path,
      tokenizerPath: values.tokenizer_path,
      vaePath,
      prediction: givenPrediction(task),
      plainWeights: values.plain_weights,
    });
  }
  const ignored = SINGLE_FILE_ONLY.find((name) => given.has(name));
  if (ignored === undefined) return await openSdFolder(path, vaePath);
  throw new UsageError(`--${ignored} has no effect, since ${path} is a folder`, {
    hint: "leave it out",
  });
}

function givenPrediction({ values, given }: ConvertTask) {
  const { prediction_type: type } = values;
  if (!given.has("prediction_type")) return undefined;
  if (type !== "flow_prediction") return type;
  throw new UsageError(
    `--prediction_type is ${type} but takes epsilon or v_prediction with convert sd`,
  );
}

/** Networks in the order of writing. */
function networks(model: SdModel, options: NetworkOptions): FolderPart[] {
  const isXl = model.texts.length > 1;
  const { unet, texts, vae } = model;
  const network = convertUnet(unet.tensors, unet.config, { ...options, file: unet.file });
  return [
    { part: "unet", network, config: unet.json },
    ...texts.map(({ tensors, config, json, file }, i) => ({
      part: partName("text_encoder", i),
      network: convertTextEncoder(tensors, config, { ...options, file, hiddenStates: isXl }),
      config: json,
    })),
    // SDXL's autoencoder overflows in fp16.
    ...vaeParts(vae, isXl ? { ...options, compute: "float32" } : options),
  ];
}

function reportModel(report: ConvertReport, { name, unet, scheduler }: SdModel): void {
  const { widths, contextWidth, heads } = unet.config;
  const predicts = scheduler.prediction_type ?? "epsilon";
  report.say(
    { event: "model", name, widths, context: contextWidth, heads, prediction_type: predicts },
    `${name}, widths ${widths.join(", ")}, context ${contextWidth}, predicts ${predicts}`,
  );
}
