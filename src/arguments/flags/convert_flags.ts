/** Flags of `convert`. @module */
import type { Flag } from "../flag.ts";
import { samplingFlags } from "./script_flags.ts";

/** Flags that only one kind of model follows. */
export const CONVERT_ONLY = {
  dit: ["num_heads", "class_names"],
  sd: ["config_path", "tokenizer_path", "lora", "plain_weights"],
} as const;

/** Flags of `convert dit` and `convert sd`. */
// deno-lint-ignore explicit-module-boundary-types -- the table's literal types carry the types of the parsed values
export function convertFlags() {
  const { quiet, json, debug, help, version } = samplingFlags({
    timesteps: 1,
    maxTimesteps: 1,
    order: 1,
    modelPath: "",
  });
  return {
    checkpoint_path: {
      type: "string",
      value: "FILE",
      aliases: ["ckpt"],
      group: "Model",
      help: "weights with the official names: .pt, .safetensors, or the .index.json of shards; " +
        "sd: a single file or a diffusers folder",
    },
    checkpoint_part: {
      type: "string",
      value: "NAME",
      group: "Model",
      help: "dict of the checkpoint to take [averaged weights, such as ema, before model]",
    },
    vae_path: {
      type: "string",
      value: "DIR",
      group: "Model",
      help:
        "diffusers AutoencoderKL (config.json and its weights) to make vae_decoder and vae_encoder of",
    },
    num_heads: {
      type: "integer",
      min: 1,
      max: 1024,
      group: "Model",
      help: "dit: attention heads; known for the published sizes S, B, L and XL",
    },
    prediction_type: {
      type: "choice",
      choices: ["epsilon", "v_prediction"],
      default: "epsilon",
      group: "Model",
      help: "what the checkpoint predicts; a DiT's v becomes epsilon inside the network",
    },
    class_names: {
      type: "string",
      value: "FILE",
      group: "Model",
      help: "dit: JSON with the classes' names, a list or id2label; numbers work without",
    },
    config_path: {
      type: "string",
      value: "DIR",
      aliases: ["config"],
      group: "Model",
      help: "sd: diffusers folder whose config.json files tell what a single file cannot",
    },
    tokenizer_path: {
      type: "string",
      value: "DIR",
      group: "Model",
      help: "sd: folder with vocab.json and merges.txt, or tokenizer.json [beside the checkpoint]",
    },
    lora: {
      type: "string",
      value: "FILE",
      group: "Model",
      help: "sd: LoRA to merge; FILE:0.8 scales it, commas separate several",
    },
    plain_weights: {
      type: "boolean",
      group: "Model",
      help: "sd: of a file with averaged weights (model_ema) take those of the last step",
    },
    output_path: {
      type: "string",
      value: "DIR",
      short: "o",
      group: "Output",
      help: "model folder to make, or to add files to",
    },
    fp16: {
      type: "boolean",
      group: "Output",
      help: "write model_fp16.onnx: fp16 in matrix products and convolutions, for GPUs",
    },
    weights: {
      type: "choice",
      choices: ["fp32", "fp16"],
      default: "fp32",
      group: "Output",
      help: "fp16 stores large weights in half the bytes and computes with them in fp32",
    },
    ...{ quiet, json, debug, help, version },
  } as const satisfies Record<string, Flag>;
}
