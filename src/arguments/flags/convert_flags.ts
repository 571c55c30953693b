/** Flags of `convert`. @module */
import type { Flag } from "../flag.ts";
import { samplingFlags } from "./script_flags.ts";

const DIT_ONLY = ["num_heads", "class_names"] as const;
const SD_ONLY = ["config_path", "tokenizer_path", "lora", "plain_weights"] as const;

/** Flags that have no effect, by the first word of the command. */
export const CONVERT_UNUSED = {
  dit: ["model_path", ...SD_ONLY],
  sd: ["model_path", ...DIT_ONLY],
  triton: [
    ...["checkpoint_path", "checkpoint_part", "vae_path", "prediction_type", "weights"] as const,
    ...DIT_ONLY,
    ...SD_ONLY,
  ],
} as const;

/** Flags of `convert dit`, `convert sd` and `convert triton`. */
// deno-lint-ignore explicit-module-boundary-types -- literal types give the types of parsed values
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
      help:
        "weights with the official names: .pt, .safetensors, or the .index.json of shards; sd: a " +
        "single file or a diffusers folder",
    },
    checkpoint_part: {
      type: "string",
      value: "NAME",
      group: "Model",
      help: "dict of the checkpoint to read [averaged weights such as ema, else model]",
    },
    model_path: {
      type: "string",
      value: "DIR",
      short: "m",
      group: "Model",
      help: "triton: model folder whose denoiser is to be served",
    },
    vae_path: {
      type: "string",
      value: "DIR",
      group: "Model",
      help:
        "diffusers AutoencoderKL folder (config.json and weights) to convert to vae_decoder and " +
        "vae_encoder",
    },
    num_heads: {
      type: "integer",
      min: 1,
      max: 1024,
      group: "Model",
      help: "dit: number of attention heads; known for the published sizes S, B, L and XL",
    },
    prediction_type: {
      type: "choice",
      choices: ["epsilon", "v_prediction", "flow_prediction"],
      default: "epsilon",
      group: "Model",
      help: "prediction target of the checkpoint; a v-predicting DiT is converted to epsilon, " +
        "flow_prediction (dit) is the velocity of a rectified flow",
    },
    class_names: {
      type: "string",
      value: "FILE",
      group: "Model",
      help:
        "dit: JSON file of class names, a list or id2label; optional, classes also have numbers",
    },
    config_path: {
      type: "string",
      value: "DIR",
      aliases: ["config"],
      group: "Model",
      help: "sd: diffusers folder whose config.json files add what a single-file checkpoint lacks",
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
      help: "sd: read the last weights instead of the averaged ones (model_ema) of the file",
    },
    output_path: {
      type: "string",
      value: "DIR",
      short: "o",
      group: "Output",
      help: "model folder to create, or to add files to; triton: model repository",
    },
    fp16: {
      type: "boolean",
      group: "Output",
      help: "write model_fp16.onnx, for GPUs: matrix products and convolutions in fp16",
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
