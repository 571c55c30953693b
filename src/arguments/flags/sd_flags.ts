/** Flags of the Stable Diffusion scripts. @module */
import type { Flag } from "../flag.ts";
import { CONCURRENT_SAMPLES, NUM_SAMPLES, samplingFlags } from "./script_flags.ts";

/** Flags of `parallel_sd`. */
// deno-lint-ignore explicit-module-boundary-types -- the table's literal types carry the types of the parsed values
export function sdFlags() {
  return {
    prompt: {
      type: "string",
      value: "TEXT",
      empty: true,
      default: "black duck",
      short: "p",
      group: "Sampling",
      help: "what the images show",
    },
    prompts_file: {
      type: "string",
      value: "FILE",
      group: "Sampling",
      help: "one prompt a line, UTF-8; --num_samples images of each, 1 by default",
    },
    num_samples: NUM_SAMPLES,
    ...textFlags(),
    concurrent_samples: CONCURRENT_SAMPLES,
  } as const satisfies Record<string, Flag>;
}

/** Flags of `parallel_sd_winit`. */
// deno-lint-ignore explicit-module-boundary-types -- the table's literal types carry the types of the parsed values
export function sdWinitFlags() {
  return {
    prompt1: {
      type: "string",
      value: "TEXT",
      empty: true,
      default: "a cute dog",
      group: "Sampling",
      help: "prompt sampled from scratch, whose trajectory starts the second",
    },
    prompt2: {
      type: "string",
      value: "TEXT",
      empty: true,
      default: "a cute cat",
      short: "p",
      group: "Sampling",
      help: "prompt sampled from that trajectory",
    },
    variation_steps: {
      type: "integer",
      min: 1,
      max: 999,
      default: 10,
      group: "Sampling",
      help: "last steps of the chain that prompt2 solves anew, at most the timesteps",
    },
    num_samples: {
      type: "integer",
      min: NUM_SAMPLES.min,
      max: NUM_SAMPLES.max,
      sparse: true,
      short: "b",
      group: "Sampling",
      help: "noises to start from, a sample of each prompt for each; 1 by default",
    },
    init_trajectory: {
      type: "string",
      value: "FILE",
      group: "Sampling",
      help:
        "start prompt2 from the trajectory.safetensors of an earlier run, with that run's noise",
    },
    init_latents: {
      type: "string",
      value: "FILE",
      group: "Sampling",
      help: "start prompt2 from a latent, [4,h,w] or [1,4,h,w] in .npy or .safetensors",
    },
    init_image: {
      type: "string",
      value: "FILE",
      group: "Sampling",
      help: "start prompt2 from an image, PNG or JPEG, through the VAE's encoder",
    },
    force_warm: {
      type: "boolean",
      group: "Sampling",
      help: "take the trajectory of another model or eta",
    },
    compare_scratch: {
      type: "boolean",
      group: "Run",
      scope: "execution",
      help: "solve prompt2 from scratch and sequentially too, and say what the warm start saved",
    },
    ...textFlags(),
  } as const satisfies Record<string, Flag>;
}

/** What both Stable Diffusion scripts take. */
function textFlags() {
  const side = (short: string, what: string) => ({
    type: "integer",
    min: 8,
    max: 8192,
    multipleOf: 8,
    short,
    group: "Sampling",
    help: `${what} of the images in pixels; the model's own by default`,
  } as const);
  return {
    negative_prompt: {
      type: "string",
      value: "TEXT",
      empty: true,
      default: "",
      short: "n",
      group: "Sampling",
      help: "what the images are led away from",
    },
    height: side("H", "height"),
    width: side("W", "width"),
    ...samplingFlags({ timesteps: 50, maxTimesteps: 999, order: 20, modelPath: "models/sd-emoji" }),
  } as const satisfies Record<string, Flag>;
}
