/** Suggests the next command for a downloaded model. @module */
import { basename, join } from "node:path";
import type { FetchedModel } from "../hub/fetch_model.ts";
import { quoteWord } from "../text.ts";

/** Minimum size of a checkpoint of a whole model; LoRAs and other additions are smaller. */
const WHOLE_MODEL_BYTES = 1.5e9;

/** Command line that uses the model, as a task. */
export function nextCommand(model: FetchedModel): string {
  const { path, files } = model;
  const has = (pattern: RegExp) => files.some((file) => pattern.test(file.path));
  const folder = quoteWord(path);
  const plain = has(/^(unet|transformer)\/model\.onnx$/);
  if (plain || has(/^(unet|transformer)\/model_fp16\.onnx$/)) {
    const command = has(/^unet\//) ? 'sd --prompt "a cute dog"' : "dit --class_labels 0";
    return `deno task ${command} --model_path ${folder}${plain ? "" : " --fp16"}`;
  }
  const output = quoteWord(outputPath(model));
  if (has(/^unet\/.*\.(safetensors|bin)$/)) {
    return `deno task convert sd --checkpoint_path ${folder} --output_path ${output}`;
  }
  if (has(/^config\.json$/) && has(/^diffusion_pytorch_model\./)) {
    return `deno task convert dit --checkpoint_path FILE --vae_path ${folder} --output_path DIR`;
  }
  const [only] = files;
  if (files.length > 1) return `deno task inspect ${folder}`;
  const file = quoteWord(join(path, only.path));
  if (only.size < WHOLE_MODEL_BYTES) return `deno task inspect ${file}`;
  return `deno task convert sd --checkpoint_path ${file} --tokenizer_path DIR --output_path ${output}`;
}

/** Folder for the converted model; never inside a cache. */
function outputPath({ path, commit, repository }: FetchedModel): string {
  const isCache = basename(path) === commit;
  return `${isCache ? join("models", basename(repository)) : path}-onnx`;
}
