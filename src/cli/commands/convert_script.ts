/** `convert`: a checkpoint to a model folder. @module */
import { basename, resolve } from "node:path";
import { convertDit, type ConvertedDit } from "../../convert/dit/convert_dit.ts";
import type { NetworkOptions } from "../../convert/network.ts";
import { convertVae } from "../../convert/vae/convert_vae.ts";
import { ditName } from "../../convert/dit/dit_architecture.ts";
import {
  ditConfig,
  ditModelIndex,
  ditSchedulerConfig,
  vaeFolderConfig,
} from "../../convert/model_configs.ts";
import { ModelError, UsageError } from "../../errors.ts";
import { numberedClasses, readClassNames } from "../../convert/class_names.ts";
import { withoutSharedPrefix } from "../../convert/shared_prefix.ts";
import type { OpenTensors } from "../../formats/open_tensors.ts";
import { takenWeights } from "../../convert/taken_weights.ts";
import type { Command, Run } from "./command.ts";
import { convertFlags } from "../../arguments/flags/convert_flags.ts";
import {
  checkModelFolder,
  type FolderPart,
  writeModelFolder,
} from "../../convert/convert_folder.ts";
import { openUserTensors, type OpenVae, openVae } from "../../convert/convert_sources.ts";
import { flagged } from "../main.ts";
import { inOurWords } from "../program_name.ts";
import { refuseIgnored } from "../../arguments/ignored_flags.ts";
import { type ParsedFlags, parseFlags, show } from "../../arguments/parse_flags.ts";
import { printedAndDone } from "../help.ts";
import { printLine } from "../print.ts";

const flags = convertFlags();

/** A tensor of each network that has this name unless a wrapper gave all names a prefix. */
const DIT_NAME = "x_embedder.proj.weight";
const VAE_NAME = "decoder.conv_in.weight";

const summary = {
  name: "convert",
  about: "Makes a model folder of a DiT's checkpoint: convert dit, then flags.",
  example: "deno task convert dit --checkpoint_path models/DiT-XL-2-256x256.pt " +
    "--vae_path models/sd-vae-ft-ema --output_path models/DiT-XL-2-256",
};

type Values = ReturnType<typeof parseFlags<typeof flags>>["values"];

/** Flags that have no default because nothing would be one. */
type Settled = Values & { checkpoint_path: string; output_path: string };

/**
 * Runs `convert`.
 *
 * @throws {UsageError} naming the flag; flags are checked before any file is opened
 * @throws {ModelError} where the checkpoint is of another network
 * @throws {StorageError} when the file system refuses: then nothing is left behind
 */
export const runConvert: Run = flagged(async (args, signal) => {
  if (printedAndDone({ summary, flags }, args)) return;
  const line = parseFlags(flags, args, { mostOperands: 1 });
  const [what] = line.operands;
  if (what !== "dit") {
    throw new UsageError(
      `convert has ${what === undefined ? "no first word" : show(what)}, wanted dit`,
      { hint: inOurWords(summary.example) },
    );
  }
  const values = readFlags(line);
  const { checkpoint_path: file, vae_path, output_path: folder } = values;
  using checkpoint = await openUserTensors("checkpointPath", file, values.checkpoint_part);
  const { tensors, prefix } = withoutSharedPrefix(checkpoint.tensors, DIT_NAME);
  using files = new DisposableStack();
  const vae = vae_path === undefined ? undefined : files.use(await openVae("vaePath", vae_path));
  const options = networkOptions(values);
  const dit = convertDit(tensors, {
    ...options,
    file,
    numHeads: values.num_heads,
    prediction: values.prediction_type,
  });
  const parts = [
    { part: "transformer", network: dit, config: ditConfig(dit.architecture) },
    ...vae === undefined ? [] : vaeParts(vae, dit, options),
  ];
  const index = await modelIndex(values, dit);
  const plan = {
    folder,
    parts,
    stem: stemOf(values),
    shared: {
      "scheduler/scheduler_config.json": ditSchedulerConfig(),
      "model_index.json": index,
    },
  };
  await checkModelFolder(plan);
  const say = reporter(values);
  say.begin(dit);
  say.taken(checkpoint.tensors, prefix);
  if (vae) say.variant(vae);
  const kept = await writeModelFolder(plan, { signal, wrote: say.wrote });
  say.done(kept, vae !== undefined);
});

function readFlags({ values, given }: ParsedFlags<typeof flags>): Settled {
  refuseIgnored(values, given);
  const { checkpoint_path, output_path } = values;
  if (checkpoint_path === undefined || output_path === undefined) {
    const missing = checkpoint_path === undefined ? "checkpoint_path" : "output_path";
    throw new UsageError(`convert dit needs --${missing}`, { hint: inOurWords(summary.example) });
  }
  if (values.fp16 && given.has("weights")) {
    throw new UsageError("--fp16 and --weights are given, wanted at most one of them");
  }
  return { ...values, checkpoint_path, output_path };
}

function stemOf({ fp16 }: Values): string {
  return fp16 ? "model_fp16" : "model";
}

function networkOptions(values: Values): NetworkOptions {
  return {
    compute: values.fp16 ? "float16" : "float32",
    storage: values.weights,
    weightsFile: `${stemOf(values)}.safetensors`,
  };
}

function vaeParts(vae: OpenVae, dit: ConvertedDit, options: NetworkOptions): FolderPart[] {
  const { config, file, tensors } = vae;
  if (config.latentChannels !== dit.architecture.channels) {
    throw new ModelError(
      `${file}: its latents have ${config.latentChannels} channels, ` +
        `the checkpoint's have ${dit.architecture.channels}`,
    );
  }
  const plain = withoutSharedPrefix(tensors, VAE_NAME).tensors;
  const { decoder, encoder } = convertVae(plain, config, { ...options, file });
  const json = vaeFolderConfig(config);
  return [
    { part: "vae_decoder", network: decoder, config: json },
    { part: "vae_encoder", network: encoder, config: json },
  ];
}

async function modelIndex({ class_names, output_path }: Settled, { architecture }: ConvertedDit) {
  const classes = architecture.classRows - 1;
  const names = class_names === undefined
    ? numberedClasses(classes)
    : await readClassNames("classNames", class_names, classes);
  return ditModelIndex(basename(resolve(output_path)), names);
}

/** Prints what is done, in the form that the flags ask for. */
function reporter({ output_path: path, quiet, json }: Settled) {
  const say = (event: Record<string, unknown>, line: string) => {
    if (json) printLine(JSON.stringify(event));
    else if (!quiet) printLine(line);
  };
  return {
    begin({ architecture }: ConvertedDit) {
      const name = ditName(architecture);
      const classes = architecture.classRows - 1;
      say({ event: "model", name, classes, ...architecture }, `${name}, ${classes} classes`);
    },
    taken(tensors: OpenTensors["tensors"], prefix: string) {
      const { text, ...facts } = takenWeights(tensors, prefix);
      if (text) say({ event: "taken", ...facts }, `taken: ${text}`);
    },
    variant({ file, variant }: OpenVae) {
      if (variant === undefined) return;
      const message = `${file} is taken, the variant ${variant} is the only one there`;
      say({ event: "note", message }, `note: ${message}`);
    },
    wrote({ part, network: { parameters } }: FolderPart, bytes: number) {
      const millions = (parameters / 1e6).toFixed(1);
      say(
        { event: "network", part, parameters, bytes },
        `${part}: ${millions} M parameters, ${(bytes / 1e6).toFixed(1)} MB`,
      );
    },
    done(kept: readonly string[], hasVae: boolean) {
      if (json) printLine(JSON.stringify({ event: "converted", path, kept }));
      else if (quiet) printLine(path);
      else {
        for (const name of kept) printLine(`${name} was there and stays as it is`);
        printLine(path);
        const vae = hasVae ? "" : " --vae_path DIR";
        printLine(inOurWords(`now: deno task dit --model_path ${path}${vae} --class_labels 0`));
      }
    },
  };
}

/** `convert`, for `parataa`. */
export const convertCommand: Command = { flags, run: runConvert };
