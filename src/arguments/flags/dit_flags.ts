/** Flags of `parallel_dit`. @module */
import type { Flag } from "../flag.ts";
import { CONCURRENT_SAMPLES, NUM_SAMPLES, samplingFlags } from "./script_flags.ts";

/** Flags of `parallel_dit`. */
// deno-lint-ignore explicit-module-boundary-types -- literal types give the types of parsed values
export function ditFlags() {
  return {
    num_samples: NUM_SAMPLES,
    class_labels: {
      type: "string",
      value: "A,B,…",
      group: "Sampling",
      help:
        "class names or numbers, one for all images or one per image (default: drawn from the " +
        "seed)",
    },
    ...samplingFlags({
      timesteps: 100,
      maxTimesteps: 1000,
      order: 100,
      modelPath: "models/dit-emoji",
    }),
    concurrent_samples: CONCURRENT_SAMPLES,
    list_classes: {
      type: "boolean",
      group: "Run",
      scope: "session",
      help: "print the model's class numbers and names, and exit",
    },
  } as const satisfies Record<string, Flag>;
}
