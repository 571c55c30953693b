/**
 * Options of the CUDA execution provider, under ONNX Runtime's own names.
 * @module
 */

/** How the arena on the device grows. */
export const ARENA_EXTEND_STRATEGIES = ["kSameAsRequested", "kNextPowerOfTwo"] as const;

/** How cuDNN chooses an algorithm for a convolution. */
export const CUDNN_CONV_ALGO_SEARCHES = ["HEURISTIC", "EXHAUSTIVE", "DEFAULT"] as const;

/**
 * Options of ONNX Runtime's CUDA provider, version 2, by its own names; what is left out keeps its
 * default, but for three that suit a window that shrinks from round to round
 * ({@link CUDA_DEFAULTS}). A name that is not listed is handed over as it is, so options of newer
 * versions work too. Options that take a native address (`user_compute_stream`, `gpu_external_*`)
 * are refused: no pointer enters by this door.
 */
export interface CudaOptions {
  /** Device, after `CUDA_VISIBLE_DEVICES`; default 0. */
  device_id?: number;
  /** Most bytes of the arena on the device; default all. */
  gpu_mem_limit?: number | bigint;
  /**
   * Default "kSameAsRequested", ONNX Runtime's own is "kNextPowerOfTwo": with it a batch of a new
   * size may double the arena.
   */
  arena_extend_strategy?: "kSameAsRequested" | "kNextPowerOfTwo";
  /**
   * Default "HEURISTIC", ONNX Runtime's own is "EXHAUSTIVE": that one times every algorithm at
   * every new batch size.
   */
  cudnn_conv_algo_search?: "HEURISTIC" | "EXHAUSTIVE" | "DEFAULT";
  /** Whether copies use the stream of the computation, ONNX Runtime's default true. */
  do_copy_in_default_stream?: boolean;
  /** Whether cuDNN may take all the workspace it wants, ONNX Runtime's default true. */
  cudnn_conv_use_max_workspace?: boolean;
  /** Whether 1-D convolutions are padded to `[N,C,1,D]`. */
  cudnn_conv1d_pad_to_nc1d?: boolean;
  /** Whether runs are captured as a CUDA graph; wants fixed shapes and addresses. */
  enable_cuda_graph?: boolean;
  /** Whether TunableOp chooses kernels. */
  tunable_op_enable?: boolean;
  /** Whether TunableOp may time kernels as it goes. */
  tunable_op_tuning_enable?: boolean;
  /** Most milliseconds that TunableOp spends on one choice. */
  tunable_op_max_tuning_duration_ms?: number;
  /** Whether SkipLayerNormalization keeps its sums in float32. */
  enable_skip_layer_norm_strict_mode?: boolean;
  /** Whether convolutions prefer channels last. */
  prefer_nhwc?: boolean;
  /** Whether all of the provider's work goes into one stream. */
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

/** What differs from ONNX Runtime's own defaults. */
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
 * Keys and values as ONNX Runtime takes them, defaults filled in.
 *
 * @throws {RangeError} naming an option whose value cannot be right
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

/** An option that is there without a value keeps its default. */
function withoutUndefined(
  options: CudaOptions,
): Record<string, string | number | bigint | boolean> {
  const given: Record<string, string | number | bigint | boolean> = {};
  for (const [name, value] of Object.entries(options)) if (value !== undefined) given[name] = value;
  return given;
}

/**
 * What is wrong with an option, in words that follow its name; ONNX Runtime knows better what a
 * value means.
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
  // ONNX Runtime refuses others too, and names another value than it was given.
  if (YES_OR_NO.some((flag) => flag === name) && !/^([01]|[Tt]rue|[Ff]alse)$/.test(String(value))) {
    return `is ${value}, wanted 0 or 1`;
  }
  return undefined;
}
