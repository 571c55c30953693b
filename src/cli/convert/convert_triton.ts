/** `convert triton`: adds the denoiser of a model folder to a model repository. @module */
import { writeTritonRepository } from "../../convert/triton/triton_repository.ts";
import { printLine } from "../print.ts";
import type { ConvertValues } from "./convert_values.ts";

/** Input of the converter. */
export interface TritonTask {
  values: ConvertValues<"model_path">;
  signal: AbortSignal;
}

/**
 * Converts the denoiser.
 *
 * @throws {ModelError} when the network cannot be served with the bytes of a local one
 * @throws {StorageError} when the file system refuses; no files are left behind
 */
export async function convertTriton({ values, signal }: TritonTask): Promise<void> {
  const { model_path: model, output_path: repository, fp16, json, quiet } = values;
  const { name, edits, bytes } = await writeTritonRepository({ model, repository, fp16, signal });
  if (json) return printLine(JSON.stringify({ event: "converted", path: repository, name, edits }));
  if (quiet) return printLine(name);
  printLine(`${name}: ${(bytes / 1e6).toFixed(1)} MB`);
  for (const edit of edits) printLine(`edited: ${edit}`);
  printLine(repository);
  printLine(
    `next: tritonserver --model-repository ${repository}, then --devices grpc://HOST:8001/${name}`,
  );
}
