/** Flags of `parallel_dit`. @module */
import type { Flag } from "../flag.ts";
import { CONCURRENT_SAMPLES, NUM_SAMPLES, samplingFlags } from "./script_flags.ts";

/** Flags of `parallel_dit`. */
// deno-lint-ignore explicit-module-boundary-types -- the table's literal types carry the types of the parsed values
export function ditFlags() {
  return {
    num_samples: NUM_SAMPLES,
    class_labels: {
      type: "string",
      value: "A,B,…",
      group: "Sampling",
      help:
        "classes by name or number, one for all or one an image; drawn from the seed by default",
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
      help: "print number and names of the model's classes, and leave",
    },
  } as const satisfies Record<string, Flag>;
}
