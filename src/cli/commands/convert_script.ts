/** `convert`: converts a checkpoint to a model folder. @module */
import { CONVERT_ONLY } from "../../arguments/flags/convert_flags.ts";
import { refuseIgnored } from "../../arguments/ignored_flags.ts";
import { parseFlags, show } from "../../arguments/parse_flags.ts";
import { UsageError } from "../../errors.ts";
import { printHelpOrVersion } from "../help.ts";
import type { Command, Run } from "./command.ts";
import { convertDitFolder } from "../convert/convert_dit_folder.ts";
import { convertSdFolder } from "../convert/convert_sd_folder.ts";
import { CONVERT_FLAGS, type ConvertLine, type SettledValues } from "../convert/convert_values.ts";
import { flagged } from "../main.ts";
import { withProgramName } from "../program_name.ts";

const summary = {
  name: "convert",
  about: "Converts a checkpoint to a model folder: convert dit or convert sd, then flags.",
  example: "deno task convert dit --checkpoint_path models/DiT-XL-2-256x256.pt " +
    "--vae_path models/sd-vae-ft-ema --output_path models/DiT-XL-2-256",
};
const SD_EXAMPLE =
  "deno task convert sd --checkpoint_path models/v1-5-pruned-emaonly.safetensors " +
  "--tokenizer_path models/sd-tokenizer --output_path models/sd-v1-5";

/** Converters by the first word of the command. */
const KINDS = {
  dit: { convert: convertDitFolder, others: CONVERT_ONLY.sd, example: summary.example },
  sd: { convert: convertSdFolder, others: CONVERT_ONLY.dit, example: SD_EXAMPLE },
};

/**
 * Runs `convert`.
 *
 * @throws {UsageError} naming the flag; flags are checked before any file is opened
 * @throws {ModelError} when the checkpoint is of another network
 * @throws {StorageError} when the file system refuses; no files are left behind
 */
export const runConvert: Run = flagged(async (args, signal) => {
  if (printHelpOrVersion({ summary, flags: CONVERT_FLAGS }, args)) return;
  const line = parseFlags(CONVERT_FLAGS, args, { mostOperands: 1 });
  const [word] = line.operands;
  if (word !== "dit" && word !== "sd") {
    throw new UsageError(
      `convert has ${word === undefined ? "no first word" : show(word)}, wanted dit or sd`,
      { hint: withProgramName(summary.example) },
    );
  }
  const values = settle(word, line);
  await KINDS[word].convert({ values, given: line.given, signal });
});

function settle(word: keyof typeof KINDS, { values, given }: ConvertLine): SettledValues {
  const { others, example } = KINDS[word];
  refuseIgnored(values, given);
  const ignored = others.find((name) => given.has(name));
  if (ignored !== undefined) {
    throw new UsageError(`--${ignored} has no effect on convert ${word}`, { hint: "leave it out" });
  }
  const { checkpoint_path, output_path } = values;
  if (checkpoint_path === undefined || output_path === undefined) {
    const missing = checkpoint_path === undefined ? "checkpoint_path" : "output_path";
    throw new UsageError(`convert ${word} needs --${missing}`, { hint: withProgramName(example) });
  }
  if (values.fp16 && given.has("weights")) {
    throw new UsageError("--fp16 and --weights are given, wanted at most one of them");
  }
  return { ...values, checkpoint_path, output_path };
}

/** The `convert` command. */
export const convertCommand: Command = { flags: CONVERT_FLAGS, run: runConvert };
