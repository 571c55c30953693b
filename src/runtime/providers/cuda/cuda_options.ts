/**
 * Options of the CUDA execution provider, under ONNX Runtime's own names.
 * @module
 */

/** Growth of the arena on the device. */
export const ARENA_EXTEND_STRATEGIES = ["kSameAsRequested", "kNextPowerOfTwo"] as const;

/** Search of cuDNN for a convolution algorithm. */
export const CUDNN_CONV_ALGO_SEARCHES = ["HEURISTIC", "EXHAUSTIVE", "DEFAULT"] as const;

/**
 * Options of ONNX Runtime's CUDA provider, version 2, with its names and defaults, except for
 * {@link CUDA_DEFAULTS}, which suit a window that shrinks from round to round. Names that are not
 * listed are passed on, so that options of newer versions work too. Options with a native address
 * (`user_compute_stream`, `gpu_external_*`) are refused.
 */
export interface CudaOptions {
  /** Device, after `CUDA_VISIBLE_DEVICES`; default 0. */
  device_id?: number;
  /** Largest size of the arena on the device in bytes; default all memory. */
  gpu_mem_limit?: number | bigint;
  /**
   * Default "kSameAsRequested". With ONNX Runtime's default "kNextPowerOfTwo", a batch of a new
   * size may double the arena.
   */
  arena_extend_strategy?: "kSameAsRequested" | "kNextPowerOfTwo";
  /**
   * Default "HEURISTIC". ONNX Runtime's default "EXHAUSTIVE" times every algorithm at every new
   * batch size.
   */
  cudnn_conv_algo_search?: "HEURISTIC" | "EXHAUSTIVE" | "DEFAULT";
  /** Whether copies use the stream of the computation, ONNX Runtime's default true. */
  do_copy_in_default_stream?: boolean;
  /** Whether cuDNN may use unlimited workspace, ONNX Runtime's default true. */
  cudnn_conv_use_max_workspace?: boolean;
  /** Whether 1-D convolutions are padded to `[N,C,1,D]`. */
  cudnn_conv1d_pad_to_nc1d?: boolean;
  /** Whether runs are captured as a CUDA graph, which needs fixed shapes and addresses. */
  enable_cuda_graph?: boolean;
  /** Whether TunableOp chooses kernels. */
  tunable_op_enable?: boolean;
  /** Whether TunableOp may time kernels during runs. */
  tunable_op_tuning_enable?: boolean;
  /** Longest time that TunableOp spends on one choice, in milliseconds. */
  tunable_op_max_tuning_duration_ms?: number;
  /** Whether SkipLayerNormalization accumulates in float32. */
  enable_skip_layer_norm_strict_mode?: boolean;
  /** Whether convolutions prefer channels last. */
  prefer_nhwc?: boolean;
  /** Whether the provider uses one stream for all work. */
  use_ep_level_unified_stream?: boolean;
  /** Whether float32 products may be rounded to TF32; ONNX Runtime's default true. */
  use_tf32?: boolean;
  /** Whether bias and activation are fused into convolutions. */
  fuse_conv_bias?: boolean;
  /** Bits that choose the attention kernels. */
  sdpa_kernel?: number;
  /** Any other option by ONNX Runtime's name. */
  [name: string]: string | number | bigint | boolean | undefined;
}

/** Defaults that differ from ONNX Runtime's. */
export const CUDA_DEFAULTS = {
  device_id: 0,
  arena_extend_strategy: "kSameAsRequested",
  cudnn_conv_algo_search: "HEURISTIC",
} as const satisfies CudaOptions;

const WHOLE = [
  "device_id",
  "gpu_mem_limit",
  "tunable_op_max_tuning_duration_ms",
  "sdpa_kernel",
] as const;

const YES_OR_NO = [
  "do_copy_in_default_stream",
  "cudnn_conv_use_max_workspace",
  "cudnn_conv1d_pad_to_nc1d",
  "enable_cuda_graph",
  "tunable_op_enable",
  "tunable_op_tuning_enable",
  "enable_skip_layer_norm_strict_mode",
  "prefer_nhwc",
  "use_ep_level_unified_stream",
  "use_tf32",
  "fuse_conv_bias",
] as const;

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  arena_extend_strategy: ARENA_EXTEND_STRATEGIES,
  cudnn_conv_algo_search: CUDNN_CONV_ALGO_SEARCHES,
};

/** Options whose value is an address in native memory. */
const ADDRESSES = /^(has_user_compute_stream|user_compute_stream|gpu_external_\w+)$/;

/**
 * Keys and values in ONNX Runtime's form, with the defaults filled in.
 *
 * @throws {RangeError} naming an option with an invalid value
 */
export function cudaOptionPairs(options: CudaOptions): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries({ ...CUDA_DEFAULTS, ...withoutUndefined(options) })) {
    const problem = cudaOptionProblem(name, value);
    if (problem) throw new RangeError(`cuda.${name} ${problem}`);
    // ONNX Runtime reads booleans as 0 and 1.
    pairs.push([name, String(typeof value === "boolean" ? Number(value) : value)]);
  }
  return pairs;
}

/** The options that have a value. */
function withoutUndefined(
  options: CudaOptions,
): Record<string, string | number | bigint | boolean> {
  const given: Record<string, string | number | bigint | boolean> = {};
  for (const [name, value] of Object.entries(options)) if (value !== undefined) given[name] = value;
  return given;
}

/**
 * Describes an error in an option, as text that follows its name. ONNX Runtime checks values in
 * more detail.
 */
export function cudaOptionProblem(
  name: string,
  value: string | number | bigint | boolean,
): string | undefined {
  if (!/^\w+$/.test(name)) return "is no name of an option";
  if (ADDRESSES.test(name)) return "takes a native address, which is not supported";
  const choices = CHOICES[name];
  if (choices && !choices.includes(String(value))) {
    return `is ${JSON.stringify(value)}, wanted one of ${choices.join(", ")}`;
  }
  if (WHOLE.some((whole) => whole === name) && !/^\d+$/.test(String(value))) {
    return `is ${value}, wanted a whole number from 0`;
  }
  // ONNX Runtime refuses other values too, but its message names a wrong value.
  if (YES_OR_NO.some((flag) => flag === name) && !/^([01]|[Tt]rue|[Ff]alse)$/.test(String(value))) {
    return `is ${value}, wanted 0 or 1`;
  }
  return undefined;
}
