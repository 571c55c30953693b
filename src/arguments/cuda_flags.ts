/** Flags of the execution provider: which one, and CUDA's own. @module */
import { UsageError } from "../errors.ts";
import {
  ARENA_EXTEND_STRATEGIES,
  cudaOptionProblem,
  type CudaOptions,
  CUDNN_CONV_ALGO_SEARCHES,
} from "../runtime/providers/cuda_options.ts";
import type { Flag, FlagValues } from "./flag.ts";
import { show } from "./parse_flags.ts";

/** Flags that every script which runs a network takes. */
export const PROVIDER_FLAGS = {
  provider: {
    type: "choice",
    choices: ["auto", "cpu", "cuda"],
    default: "auto",
    group: "Model",
    scope: "execution",
    help: "execution provider of ONNX Runtime; auto takes CUDA where it is complete",
  },
  ort_lib: {
    type: "string",
    value: "FILE",
    group: "Model",
    scope: "execution",
    help:
      "libonnxruntime to open (else ORT_DYLIB_PATH where --allow-env grants it, then the npm package's)",
  },
  cuda_libs: {
    type: "string",
    value: "DIR",
    group: "CUDA",
    scope: "execution",
    help: "folder of NVIDIA's libraries, or of their wheels (nvidia/*/lib); then the system's",
  },
  gpu_mem_limit: {
    type: "integer",
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    group: "CUDA",
    scope: "execution",
    help: "most bytes of ONNX Runtime's arena on the device; all by default",
  },
  arena_extend_strategy: {
    type: "choice",
    choices: ARENA_EXTEND_STRATEGIES,
    group: "CUDA",
    scope: "execution",
    help: "how the arena grows; kSameAsRequested by default",
  },
  cudnn_conv_algo_search: {
    type: "choice",
    choices: CUDNN_CONV_ALGO_SEARCHES,
    group: "CUDA",
    scope: "execution",
    help: "how cuDNN chooses algorithms; HEURISTIC by default",
  },
  cuda_options: {
    type: "string",
    value: "A=B,…",
    group: "CUDA",
    scope: "execution",
    help: "any option of the CUDA provider by ONNX Runtime's own name: device_id=1,use_tf32=0",
  },
} as const satisfies Record<string, Flag>;

/** Values of {@link PROVIDER_FLAGS}. */
export type ProviderValues = FlagValues<typeof PROVIDER_FLAGS>;

/**
 * CUDA's options as the flags say.
 *
 * @throws {UsageError} naming the flag, the option and its value
 */
export function cudaOptionsOf(values: ProviderValues): CudaOptions {
  const { gpu_mem_limit, arena_extend_strategy, cudnn_conv_algo_search } = values;
  const own = { gpu_mem_limit, arena_extend_strategy, cudnn_conv_algo_search };
  const options: CudaOptions = { ...own };
  const named = new Set<string>();
  for (const part of values.cuda_options?.split(",") ?? []) {
    const match = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(part);
    if (!match) throw new UsageError(`--cuda_options has ${show(part)}, wanted name=value`);
    const [, name, value] = match;
    if (named.has(name) || options[name] !== undefined) {
      throw new UsageError(`the CUDA option ${name} is given twice`);
    }
    named.add(name);
    const problem = cudaOptionProblem(name, value);
    if (problem) throw new UsageError(`--cuda_options ${name} ${problem}`);
    options[name] = value;
  }
  return options;
}
