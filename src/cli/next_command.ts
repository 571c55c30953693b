/** The command that goes on with a downloaded model. @module */
import type { FetchedModel } from "../hub/fetch_model.ts";
import { COMMANDS } from "./commands/commands.ts";
import { quoteWord } from "./program_name.ts";

/** A line to run, as a task. */
export function nextCommand({ path, files }: FetchedModel): string {
  const has = (pattern: RegExp) => files.some((file) => pattern.test(file.path));
  const folder = quoteWord(path);
  const plain = has(/^(unet|transformer)\/model\.onnx$/);
  if (plain || has(/^(unet|transformer)\/model_fp16\.onnx$/)) {
    const command = has(/^unet\//) ? 'sd --prompt "a cute dog"' : "dit --class_labels 0";
    return `deno task ${command} --model_path ${folder}${plain ? "" : " --fp16"}`;
  }
  if (has(/^unet\//) && COMMANDS.convert.operand?.words?.includes("sd")) {
    return `deno task convert sd --checkpoint_path ${folder} --output_path ${
      quoteWord(`${path}-onnx`)
    }`;
  }
  if (has(/^config\.json$/) && has(/^diffusion_pytorch_model\./)) {
    return `deno task convert dit --checkpoint_path FILE --vae_path ${folder} --output_path DIR`;
  }
  const only = files.length === 1 ? `${path}/${files[0].path}` : path;
  return `deno task inspect ${quoteWord(only)}`;
}
