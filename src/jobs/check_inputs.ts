/** Checks what a command line names, as far as that goes without opening a network. @module */
import { UsageError } from "../errors.ts";
import { fileFault } from "../formats/file_fault.ts";
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import { type FlagTable, pathAccess } from "../arguments/flag.ts";
import { modelFolder } from "./open_pipeline.ts";
import { checkedArguments, type SamplingScript, type SamplingTable } from "./sampling_script.ts";
import type { SamplingValues } from "./solve.ts";

/**
 * Checks that the files are there, that the model has its parts, and that it knows the classes.
 *
 * @throws {ParataaError} that a run with these arguments would end with
 */
export async function checkInputs<
  T extends FlagTable & SamplingTable,
  P extends LatentPipeline<never>,
>(script: SamplingScript<T, P>, argv: readonly string[]): Promise<void> {
  const { values, given } = await checkedArguments(script, argv);
  for (const name of given) {
    const path = (values as Record<string, unknown>)[name];
    const isRead = pathAccess(script.flags[name]) === "read" && name !== "model_path";
    if (isRead && typeof path === "string") await expectThere(name, path);
  }
  const { model_path: path } = values as SamplingValues;
  const folder = modelFolder(path, script.flags.model_path.default);
  await script.checkInputs(folder, { values, given });
}

async function expectThere(flag: string, path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UsageError(`--${flag} ${path} cannot be read: ${fileFault(cause)}`, { cause });
  }
}
