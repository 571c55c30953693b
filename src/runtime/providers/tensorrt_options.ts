/**
 * Options of NVIDIA's TensorRT providers, by their own names.
 * @module
 */
import { BOOLEAN, type OptionCheck, type OptionChecks, SWITCH, WHOLE } from "./option_checks.ts";

const FLAG: OptionCheck = [...SWITCH as readonly string[], ...BOOLEAN as readonly string[]];

/** Options of TensorRT; `device_id` is the device's. */
export const TENSORRT_OPTIONS: OptionChecks = {
  trt_max_workspace_size: WHOLE,
  trt_max_partition_iterations: WHOLE,
  trt_min_subgraph_size: WHOLE,
  trt_fp16_enable: FLAG,
  trt_bf16_enable: FLAG,
  trt_int8_enable: FLAG,
  trt_layer_norm_fp32_fallback: FLAG,
  trt_engine_cache_enable: FLAG,
  trt_engine_cache_path: "text",
  trt_timing_cache_enable: FLAG,
  trt_timing_cache_path: "text",
  trt_builder_optimization_level: { min: 0, max: 5 },
  trt_auxiliary_streams: WHOLE,
  trt_cuda_graph_enable: FLAG,
  trt_context_memory_sharing_enable: FLAG,
  trt_force_sequential_engine_build: FLAG,
  trt_detailed_build_log: FLAG,
  trt_sparsity_enable: FLAG,
  trt_profile_min_shapes: "text",
  trt_profile_max_shapes: "text",
  trt_profile_opt_shapes: "text",
};

/** Options of TensorRT-RTX. */
export const NV_TENSORRT_RTX_OPTIONS: OptionChecks = {
  nv_max_workspace_size: WHOLE,
  nv_max_shared_mem_size: WHOLE,
  nv_detailed_build_log: FLAG,
  nv_cuda_graph_enable: FLAG,
  nv_multi_profile_enable: FLAG,
  nv_use_external_data_initializer: FLAG,
  nv_runtime_cache_path: "text",
  nv_profile_min_shapes: "text",
  nv_profile_max_shapes: "text",
  nv_profile_opt_shapes: "text",
};
