/** Flags of the execution provider and of CUDA. @module */
import { UsageError } from "../../errors.ts";
import {
  ARENA_EXTEND_STRATEGIES,
  cudaOptionProblem,
  type CudaOptions,
  CUDNN_CONV_ALGO_SEARCHES,
} from "../../runtime/providers/cuda/cuda_options.ts";
import { PROVIDER_NAMES } from "../../runtime/providers/provider_table.ts";
import type { Flag, FlagValues } from "../flag.ts";
import type { SharedSettings } from "../settings.ts";
import { shownValue } from "../../text.ts";

/** Flags of every script that runs a network. */
export const PROVIDER_FLAGS = {
  provider: {
    type: "choice",
    choices: ["auto", ...PROVIDER_NAMES],
    default: "auto",
    group: "Model",
    scope: "execution",
    help: "execution provider of ONNX Runtime; auto uses CUDA if all of its parts are installed, " +
      "else WebGPU on a real GPU, else the CPU",
  },
  ep_options: {
    type: "string",
    value: "A=B,…",
    group: "Model",
    scope: "execution",
    help: "options of a provider other than CUDA by its own names, as in preferredLayout=NCHW",
  },
  ep_lib: {
    type: "string",
    value: "FILE",
    group: "Model",
    scope: "execution",
    help: "plugin library with the provider, if ONNX Runtime does not contain it",
  },
  ort_lib: {
    type: "string",
    value: "FILE",
    group: "Model",
    scope: "execution",
    help:
      "path of libonnxruntime (default: ORT_DYLIB_PATH if --allow-env grants it, else the npm " +
      "package's)",
  },
  cuda_libs: {
    type: "string",
    value: "DIR",
    group: "CUDA",
    scope: "execution",
    help: "folder of NVIDIA's libraries or of their wheels (nvidia/*/lib), searched before the " +
      "system's",
  },
  gpu_mem_limit: {
    type: "integer",
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    group: "CUDA",
    scope: "execution",
    help: "maximum bytes of ONNX Runtime's arena on the device (default: no limit)",
  },
  arena_extend_strategy: {
    type: "choice",
    choices: ARENA_EXTEND_STRATEGIES,
    group: "CUDA",
    scope: "execution",
    help: "how the arena grows (default: kSameAsRequested)",
  },
  cudnn_conv_algo_search: {
    type: "choice",
    choices: CUDNN_CONV_ALGO_SEARCHES,
    group: "CUDA",
    scope: "execution",
    help: "how cuDNN chooses algorithms (default: HEURISTIC)",
  },
  cuda_options: {
    type: "string",
    value: "A=B,…",
    group: "CUDA",
    scope: "execution",
    help: "options of the CUDA provider by ONNX Runtime's names, as in device_id=1,use_tf32=0",
  },
} as const satisfies Record<string, Flag>;

/** Settings of the execution provider. */
export type ProviderSettings = Pick<
  SharedSettings,
  | ("provider" | "libraryPath" | "cudaLibraryPath" | "gpuMemLimit")
  | ("arenaExtendStrategy" | "cudnnConvAlgoSearch" | "cudaOptions")
  | ("providerOptions" | "providerLibrary")
>;

/** Settings of the CUDA provider. */
export const CUDA_SETTINGS = [
  ...["cudaLibraryPath", "gpuMemLimit", "arenaExtendStrategy"] as const,
  ...["cudnnConvAlgoSearch", "cudaOptions"] as const,
];

/** Settings of {@link PROVIDER_FLAGS}, for commands that start no run. */
export function providerSettings(
  values: Omit<FlagValues<typeof PROVIDER_FLAGS>, "provider">,
): ProviderSettings {
  return {
    libraryPath: values.ort_lib,
    cudaLibraryPath: values.cuda_libs,
    gpuMemLimit: values.gpu_mem_limit,
    arenaExtendStrategy: values.arena_extend_strategy,
    cudnnConvAlgoSearch: values.cudnn_conv_algo_search,
    cudaOptions: values.cuda_options,
    providerOptions: values.ep_options,
    providerLibrary: values.ep_lib,
  };
}

/**
 * CUDA options from the settings.
 *
 * @throws {UsageError} naming the setting, the option and its value
 */
export function cudaOptionsOf(settings: ProviderSettings): CudaOptions {
  const options: CudaOptions = {
    gpu_mem_limit: settings.gpuMemLimit,
    arena_extend_strategy: settings.arenaExtendStrategy,
    cudnn_conv_algo_search: settings.cudnnConvAlgoSearch,
  };
  const named = new Set<string>();
  for (const part of settings.cudaOptions?.split(",") ?? []) {
    const match = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(part);
    if (!match) {
      throw new UsageError((name) =>
        `${name("cudaOptions")} has ${shownValue(part)}, wanted name=value`
      );
    }
    const [, option, value] = match;
    if (named.has(option) || options[option] !== undefined) {
      throw new UsageError(`the CUDA option ${option} is given twice`);
    }
    named.add(option);
    const problem = cudaOptionProblem(option, value);
    if (problem) throw new UsageError((name) => `${name("cudaOptions")} ${option} ${problem}`);
    options[option] = value;
  }
  return options;
}
