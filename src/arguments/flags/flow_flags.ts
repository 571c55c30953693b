/** Flags of `parallel_flow`. @module */
import type { Flag } from "../flag.ts";
import { ditFlags } from "./dit_flags.ts";
import { samplingFlags } from "./script_flags.ts";
import { sdFlags } from "./sd_flags.ts";

/** Flags of `parallel_flow`. */
// deno-lint-ignore explicit-module-boundary-types -- the literal types give the parsed types
export function flowFlags() {
  const { num_samples, class_labels, concurrent_samples, list_classes } = ditFlags();
  const shared = samplingFlags({
    timesteps: 28,
    maxTimesteps: 1000,
    order: 100,
    modelPath: "models/flow-emoji",
  });
  return {
    ...{ num_samples, class_labels, ...promptFlags() },
    ...shared,
    eta: { ...shared.eta, max: 0, help: "noise added at every step; Euler's method adds none" },
    variation_steps: {
      type: "integer",
      min: 1,
      max: 1000,
      sparse: true,
      group: "Sampling",
      help: "last steps that are solved again from the start that a file gives (default: all)",
    },
    init_trajectory: {
      type: "string",
      value: "FILE",
      sparse: true,
      group: "Sampling",
      help: "trajectory.safetensors of an earlier run to start from, with the noise of that run",
    },
    init_latents: {
      type: "string",
      value: "FILE",
      sparse: true,
      group: "Sampling",
      help: "latent to start from, [4,h,w] or [1,4,h,w] in .npy or .safetensors",
    },
    init_image: {
      type: "string",
      value: "FILE",
      sparse: true,
      group: "Sampling",
      help: "PNG or JPEG image to start from, encoded by the VAE's encoder",
    },
    force_warm: {
      type: "boolean",
      group: "Sampling",
      help: "accept a trajectory of another model or eta",
    },
    ...{ concurrent_samples, list_classes },
  } as const satisfies Record<string, Flag>;
}

/** Flags of models of prompts; they have no defaults, since a model of classes takes none. */
function promptFlags() {
  const { prompt, prompts_file, negative_prompt, height, width } = sdFlags();
  const absent = { default: undefined, sparse: true } as const;
  return {
    prompt: { ...prompt, ...absent, help: `text prompt (default: ${prompt.default})` },
    prompts_file,
    negative_prompt: { ...negative_prompt, ...absent },
    ...{ height, width },
  } as const satisfies Record<string, Flag>;
}
