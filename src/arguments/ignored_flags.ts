/** Refuses command-line flags that have no effect together with another setting. @module */
import { UsageError } from "../errors.ts";
import type { Provider } from "../runtime/providers/provider_row.ts";
import { PROVIDERS } from "../runtime/providers/provider_table.ts";

/** Values of a script's flags; a script may lack some of them. */
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

/** Flags, and the reason why they have no effect; `undefined` if they have one. */
type Rule = readonly [
  flags: readonly string[],
  beside: (settings: FlagSettings) => string | undefined,
];

const RULES: readonly Rule[] = [
  [CUDA_FLAGS, (settings) => {
    const [provider, flag] = namedProvider(settings);
    const ignored = provider !== undefined && !PROVIDERS[provider].takesCudaFlags;
    return ignored && !settings.list_devices ? `with ${flag}` : undefined;
  }],
  [["ep_options", "ep_lib"], (settings) => {
    const [provider, flag] = namedProvider(settings);
    return provider !== undefined && PROVIDERS[provider].lanes ? `with ${flag}` : undefined;
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

/** The provider that the flags name, and the flag that does. */
function namedProvider(
  { provider, device, devices }: FlagSettings,
): [provider: Provider | undefined, flag: string] {
  const named: [string | undefined, string][] = [
    [provider, `--provider ${provider}`],
    [device, `--device ${device}`],
    [devices, `--devices ${devices}`],
  ];
  for (const [text, flag] of named) {
    const name = text?.split(/[:,]/)[0];
    if (name !== undefined && Object.hasOwn(PROVIDERS, name)) return [name as Provider, flag];
  }
  return [undefined, ""];
}

/**
 * Refuses flags of the command line that would have no effect.
 *
 * @param given names of the flags on the command line, without those of a record
 * @throws {UsageError} naming the flag and the setting that makes it ineffective
 */
export function refuseIgnored(settings: FlagSettings, given: ReadonlySet<string>): void {
  for (const [flags, beside] of RULES) {
    const flag = flags.find((name) => given.has(name));
    const reason = flag && beside(settings);
    if (!reason) continue;
    throw new UsageError(`--${flag} has no effect ${reason}`, { hint: "leave out one of them" });
  }
}
