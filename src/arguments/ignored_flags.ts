/**
 * Flags that a run would not follow beside some other setting: given on the command line they are refused.
 * @module
 */
import { UsageError } from "../errors.ts";

/** Values of a script's flags; a script need not have all of these. */
export interface FlagSettings {
  readonly class_labels?: string;
  readonly device?: string;
  readonly devices?: string;
  readonly init_trajectory?: string;
  readonly json?: boolean;
  readonly list_devices?: boolean;
  readonly noise_path?: string;
  readonly provider?: string;
  readonly verbose?: boolean;
}

/** Flags of the CUDA provider. */
export const CUDA_FLAGS = [
  "cuda_libs",
  "gpu_mem_limit",
  "arena_extend_strategy",
  "cudnn_conv_algo_search",
  "cuda_options",
] as const;

/** Flags, and beside what they have no effect; `undefined` where they have one. */
type Rule = readonly [
  flags: readonly string[],
  beside: (settings: FlagSettings) => string | undefined,
];

const RULES: readonly Rule[] = [
  [CUDA_FLAGS, ({ provider, device, devices, list_devices }) => {
    if (list_devices) return undefined;
    if (provider === "cpu") return "with --provider cpu";
    if (device === "cpu") return "with --device cpu";
    return devices?.startsWith("cpu") ? `with --devices ${devices}` : undefined;
  }],
  [["quiet"], ({ json, verbose }) => json ? "with --json" : verbose ? "with --verbose" : undefined],
  [["seed", "seeds", "noise_stream"], (settings) => {
    const drawsLabels = "class_labels" in settings && settings.class_labels === undefined;
    return settings.noise_path === undefined || drawsLabels ? undefined : "with --noise_path";
  }],
  [
    ["force_warm"],
    ({ init_trajectory: file }) => file === undefined ? "without --init_trajectory" : undefined,
  ],
];

/**
 * Refuses a flag of the command line that the run would not follow.
 *
 * @param given names of the flags on the command line, those of a record left out
 * @throws {UsageError} naming the flag and the setting beside which it has no effect
 */
export function refuseIgnored(settings: FlagSettings, given: ReadonlySet<string>): void {
  for (const [flags, beside] of RULES) {
    const flag = flags.find((name) => given.has(name));
    const reason = flag && beside(settings);
    if (!reason) continue;
    throw new UsageError(`--${flag} has no effect ${reason}`, { hint: "leave out one of them" });
  }
}
