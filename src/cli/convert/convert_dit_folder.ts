/** `convert dit`: converts a DiT checkpoint to a model folder. @module */
import { basename, resolve } from "node:path";
import { convertDit, type ConvertedDit } from "../../convert/dit/convert_dit.ts";
import { ditName } from "../../convert/dit/dit_architecture.ts";
import {
  ditConfig,
  ditModelIndex,
  ditSchedulerConfig,
  flowSchedulerConfig,
} from "../../convert/model_configs.ts";
import { ModelError } from "../../errors.ts";
import type { JsonObject } from "../../formats/json.ts";
import type { OpenTensors } from "../../formats/open_tensors.ts";
import { numberedClasses, readClassNames } from "../../convert/class_names.ts";
import { checkModelFolder, writeModelFolder } from "../../convert/convert_folder.ts";
import { openUserTensors, type OpenVae, openVae } from "../../convert/convert_sources.ts";
import { withoutSharedPrefix } from "../../convert/shared_prefix.ts";
import { chosenWeights } from "../../convert/chosen_weights.ts";
import { vaeParts } from "../../convert/vae/vae_parts.ts";
import { ConvertReport } from "./convert_report.ts";
import {
  type CheckpointValues,
  type ConvertTask,
  networkOptions,
  stemOf,
} from "./convert_values.ts";

/** A tensor that every DiT has; a name that ends with it shows the prefix that a wrapper added. */
const ANCHOR = "x_embedder.proj.weight";

/**
 * Converts a DiT and, if given, a VAE.
 *
 * @throws {ModelError} when the checkpoint is of another network
 * @throws {StorageError} when the file system refuses; no files are left behind
 */
export async function convertDitFolder({ values, signal }: ConvertTask): Promise<void> {
  const { checkpoint_path: file, vae_path, output_path: folder } = values;
  using checkpoint = await openUserTensors("checkpointPath", file, values.checkpoint_part);
  const { tensors, prefix } = withoutSharedPrefix(checkpoint.tensors, ANCHOR);
  using files = new DisposableStack();
  const vae = vae_path === undefined ? undefined : files.use(await openVae("vaePath", vae_path));
  const options = networkOptions(values);
  const dit = convertDit(tensors, {
    ...options,
    file,
    numHeads: values.num_heads,
    prediction: values.prediction_type,
  });
  if (vae) checkLatents(vae, dit);
  const isFlow = values.prediction_type === "flow_prediction";
  const plan = {
    folder,
    parts: [
      { part: "transformer", network: dit, config: ditConfig(dit.architecture) },
      ...vae === undefined ? [] : vaeParts(vae, options),
    ],
    stem: stemOf(values),
    shared: await sharedFiles(values, dit, isFlow ? flowSchedulerConfig() : ditSchedulerConfig()),
  };
  const differing = await checkModelFolder(plan);
  const report = new ConvertReport(values);
  report.differing(differing);
  reportModel(report, dit);
  reportWeights(report, checkpoint.tensors, prefix);
  if (vae?.variant !== undefined) {
    report.note(`${vae.file} is used because ${vae.variant} is the only variant`);
  }
  const wrote = report.wrote.bind(report);
  const kept = await writeModelFolder(plan, { signal, wrote });
  if (isFlow) report.note("the shift in scheduler_config.json is Stable Diffusion 3's");
  const task = isFlow ? "flow" : "dit", flag = vae === undefined ? " --vae_path DIR" : "";
  report.done(kept, `deno task ${task} --model_path ${folder}${flag} --class_labels 0`);
}

/** @throws {ModelError} if the VAE has latents of another number of channels */
function checkLatents({ file, config }: OpenVae, { architecture }: ConvertedDit): void {
  if (config.latentChannels === architecture.channels) return;
  throw new ModelError(
    `${file}: its latents have ${config.latentChannels} channels, ` +
      `the checkpoint's have ${architecture.channels}`,
  );
}

async function sharedFiles(
  { class_names, output_path }: CheckpointValues,
  { architecture }: ConvertedDit,
  scheduler: JsonObject,
): Promise<Record<string, JsonObject>> {
  const classes = architecture.classRows - 1;
  const names = class_names === undefined
    ? numberedClasses(classes)
    : await readClassNames("classNames", class_names, classes);
  return {
    "scheduler/scheduler_config.json": scheduler,
    "model_index.json": ditModelIndex(basename(resolve(output_path)), names, scheduler),
  };
}

function reportModel(report: ConvertReport, { architecture }: ConvertedDit): void {
  const name = ditName(architecture);
  const classes = architecture.classRows - 1;
  report.say({ event: "model", name, classes, ...architecture }, `${name}, ${classes} classes`);
}

function reportWeights(
  report: ConvertReport,
  tensors: OpenTensors["tensors"],
  prefix: string,
): void {
  const { text, ...facts } = chosenWeights(tensors, prefix);
  if (text) report.say({ event: "weights", ...facts }, `weights: ${text}`);
}
