/** `fetch`: downloads a model from a hub. @module */
import { FETCH_FLAGS as flags } from "../../arguments/flags/fetch_flags.ts";
import { parseFlags } from "../../arguments/parse_flags.ts";
import { UsageError } from "../../errors.ts";
import { fetchModel } from "../../hub/fetch_model.ts";
import type { Command } from "./command.ts";
import { downloadProgress } from "../download_progress.ts";
import { printHelpOrVersion } from "../help.ts";
import { Interrupted } from "../main.ts";
import { nextCommand } from "../next_command.ts";
import { withProgramName } from "../program_name.ts";

const summary = {
  name: "fetch",
  about:
    "Downloads a model from a hub: the files that a model folder needs, with their sizes and " +
    "hashes checked. The same command resumes a stopped download. HF_TOKEN gives access to " +
    "private and gated models and is sent to the hub only; HF_ENDPOINT selects a mirror.",
  example: "deno task fetch stabilityai/sd-vae-ft-ema",
};

/**
 * Runs `fetch`.
 *
 * @throws {UsageError} naming the invalid flag, repository or existing file
 * @throws {NetworkError} when the hub cannot be reached, refuses, or sends bytes that differ from
 *   its listing
 * @throws {StorageError} when the file system refuses; downloaded bytes are kept
 */
export async function runFetch(args: readonly string[], signal: AbortSignal): Promise<void> {
  if (printHelpOrVersion({ summary, flags }, args)) return;
  const { values, operands: [repository] } = parseFlags(flags, args, { mostOperands: 1 });
  if (repository === undefined) {
    throw new UsageError("fetch needs the name of a repository, owner/name", {
      hint: summary.example,
    });
  }
  const progress = downloadProgress(values);
  const dryRun = values.dry_run;
  const model = await fetchModel(repository, {
    revision: values.revision,
    fp16: values.fp16,
    include: listOf(values.include),
    exclude: listOf(values.exclude),
    outputPath: values.output_path,
    cacheDir: values.cache_dir,
    dryRun,
    endpoint: Deno.env.get("HF_ENDPOINT"),
    token: Deno.env.get("HF_TOKEN"),
    signal,
    onProgress: progress.show,
  }).catch((error) => {
    if (error instanceof Interrupted) error.hint = "run the same command again to resume";
    throw error;
  });
  progress.done(model, { dryRun, next: withProgramName(`next: ${nextCommand(model)}`) });
}

function listOf(text = ""): string[] {
  return text.split(",").map((word) => word.trim()).filter((word) => word !== "");
}

/** The `fetch` command. */
export const fetchCommand: Command = { flags, run: runFetch };
