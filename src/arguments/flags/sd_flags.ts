/** Flags of the Stable Diffusion scripts. @module */
import type { Flag } from "../flag.ts";
import { CONCURRENT_SAMPLES, NUM_SAMPLES, samplingFlags } from "./script_flags.ts";

/** Flags of `parallel_sd`. */
// deno-lint-ignore explicit-module-boundary-types -- literal types give the types of parsed values
export function sdFlags() {
  return {
    prompt: {
      type: "string",
      value: "TEXT",
      empty: true,
      default: "black duck",
      short: "p",
      group: "Sampling",
      help: "text prompt",
    },
    prompts_file: {
      type: "string",
      value: "FILE",
      group: "Sampling",
      help: "UTF-8 file with one prompt per line; --num_samples images each (default: 1)",
    },
    num_samples: NUM_SAMPLES,
    ...textFlags(),
    concurrent_samples: CONCURRENT_SAMPLES,
  } as const satisfies Record<string, Flag>;
}

/** Flags of `parallel_sd_winit`. */
// deno-lint-ignore explicit-module-boundary-types -- literal types give the types of parsed values
export function sdWinitFlags() {
  return {
    prompt1: {
      type: "string",
      value: "TEXT",
      empty: true,
      default: "a cute dog",
      group: "Sampling",
      help: "prompt that is sampled from scratch",
    },
    prompt2: {
      type: "string",
      value: "TEXT",
      empty: true,
      default: "a cute cat",
      short: "p",
      group: "Sampling",
      help: "prompt that is sampled from the trajectory of prompt1",
    },
    variation_steps: {
      type: "integer",
      min: 1,
      max: 999,
      default: 10,
      group: "Sampling",
      help: "last steps of the chain that are solved again for prompt2, at most the timesteps",
    },
    num_samples: {
      type: "integer",
      min: NUM_SAMPLES.min,
      max: NUM_SAMPLES.max,
      sparse: true,
      short: "b",
      group: "Sampling",
      help: "number of initial noises, each used for both prompts (default: 1)",
    },
    init_trajectory: {
      type: "string",
      value: "FILE",
      group: "Sampling",
      help:
        "trajectory.safetensors of an earlier run to start prompt2 from, with the noise of that " +
        "run",
    },
    init_latents: {
      type: "string",
      value: "FILE",
      group: "Sampling",
      help: "latent to start prompt2 from, [4,h,w] or [1,4,h,w] in .npy or .safetensors",
    },
    init_image: {
      type: "string",
      value: "FILE",
      group: "Sampling",
      help: "PNG or JPEG image to start prompt2 from, encoded by the VAE's encoder",
    },
    force_warm: {
      type: "boolean",
      group: "Sampling",
      help: "accept a trajectory of another model or eta",
    },
    compare_scratch: {
      type: "boolean",
      group: "Run",
      scope: "execution",
      help:
        "also solve prompt2 from scratch and sequentially, and report what the warm start saved",
    },
    ...textFlags(),
  } as const satisfies Record<string, Flag>;
}

/** Flags of both Stable Diffusion scripts. */
function textFlags() {
  const side = (short: string, what: string) => ({
    type: "integer",
    min: 8,
    max: 8192,
    multipleOf: 8,
    short,
    group: "Sampling",
    help: `image ${what} in pixels (default: the model's own)`,
  } as const);
  return {
    negative_prompt: {
      type: "string",
      value: "TEXT",
      empty: true,
      default: "",
      short: "n",
      group: "Sampling",
      help: "negative prompt",
    },
    height: side("H", "height"),
    width: side("W", "width"),
    ...samplingFlags({ timesteps: 50, maxTimesteps: 999, order: 20, modelPath: "models/sd-emoji" }),
  } as const satisfies Record<string, Flag>;
}
