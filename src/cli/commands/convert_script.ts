/** `convert`: converts a checkpoint to a model folder. @module */
import { CONVERT_UNUSED } from "../../arguments/flags/convert_flags.ts";
import { refuseIgnored } from "../../arguments/ignored_flags.ts";
import { parseFlags } from "../../arguments/parse_flags.ts";
import { UsageError } from "../../errors.ts";
import { printHelpOrVersion } from "../help.ts";
import type { Command, Run } from "./command.ts";
import { convertDitFolder } from "../convert/convert_dit_folder.ts";
import { convertSdFolder } from "../convert/convert_sd_folder.ts";
import { convertTriton } from "../convert/convert_triton.ts";
import { CONVERT_FLAGS, type ConvertLine, type ConvertValues } from "../convert/convert_values.ts";
import { withFlagNames } from "../main.ts";
import { withProgramName } from "../program_name.ts";
import { shownValue } from "../../text.ts";

const summary = {
  name: "convert",
  about:
    "Converts a checkpoint to a model folder (convert dit, convert sd), or a model folder to " +
    "a repository for Triton (convert triton).",
  example: "deno task convert dit --checkpoint_path models/DiT-XL-2-256x256.pt " +
    "--vae_path models/sd-vae-ft-ema --output_path models/DiT-XL-2-256",
};
const SD_EXAMPLE =
  "deno task convert sd --checkpoint_path models/v1-5-pruned-emaonly.safetensors " +
  "--tokenizer_path models/sd-tokenizer --output_path models/sd-v1-5";

const TRITON_EXAMPLE = "deno task convert triton --model_path models/dit-emoji " +
  "--output_path models/triton";

/** Command lines by the first word of the command. */
const EXAMPLES = { dit: summary.example, sd: SD_EXAMPLE, triton: TRITON_EXAMPLE };
type Kind = keyof typeof EXAMPLES;

/**
 * Runs `convert`.
 *
 * @throws {UsageError} naming the flag; flags are checked before any file is opened
 * @throws {ModelError} when the checkpoint is of another network
 * @throws {StorageError} when the file system refuses; no files are left behind
 */
export const runConvert: Run = withFlagNames(async (args, signal) => {
  if (printHelpOrVersion({ summary, flags: CONVERT_FLAGS }, args)) return;
  const line = parseFlags(CONVERT_FLAGS, args, { mostOperands: 1 });
  const [word] = line.operands;
  if (word === undefined || !Object.hasOwn(EXAMPLES, word)) {
    throw new UsageError(
      `convert has ${
        word === undefined ? "no first word" : shownValue(word)
      }, wanted dit, sd or triton`,
      { hint: withProgramName(summary.example) },
    );
  }
  if (word === "triton") {
    return await convertTriton({ values: validateValues(word, "model_path", line), signal });
  }
  const convert = word === "dit" ? convertDitFolder : convertSdFolder;
  const values = validateValues(word as Kind, "checkpoint_path", line);
  await convert({ values, given: line.given, signal });
});

/** @param source flag of what is converted */
function validateValues<S extends "checkpoint_path" | "model_path">(
  word: Kind,
  source: S,
  { values, given }: ConvertLine,
): ConvertValues<S> {
  refuseIgnored(values, given);
  const unused = CONVERT_UNUSED[word].find((name) => given.has(name));
  if (unused !== undefined) {
    throw new UsageError(`--${unused} has no effect on convert ${word}`, { hint: "leave it out" });
  }
  const missing = [source, "output_path" as const].find((name) => values[name] === undefined);
  if (missing !== undefined) {
    throw new UsageError(`convert ${word} needs --${missing}`, {
      hint: withProgramName(EXAMPLES[word]),
    });
  }
  if (values.fp16 && given.has("weights")) {
    throw new UsageError("--fp16 and --weights are given, wanted at most one of them");
  }
  return values as ConvertValues<S>;
}

/** The `convert` command. */
export const convertCommand: Command = { flags: CONVERT_FLAGS, run: runConvert };
