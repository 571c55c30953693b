/**
 * The OpenVINO provider: Intel's CPUs, GPUs and NPUs, and other x86 CPUs.
 * @module
 */
import { BOOLEAN, type OptionCheck, WHOLE } from "./option_checks.ts";
import { USE_CPU } from "./provider_failure.ts";
import type { FailureText, OptionTable, ProviderRow } from "./provider_row.ts";

const CONFIG: OptionCheck = {
  matches: /^\{.*\}$/s,
  wanted:
    'JSON of OpenVINO\'s properties by device, as in {"CPU":{"INFERENCE_PRECISION_HINT":"f32"}}',
};

/** OpenVINO in the core library. Its default precision depends on the device. */
export const OPENVINO = {
  options: {
    precision: ["FP32", "FP16", "ACCURACY"],
    num_of_threads: WHOLE,
    num_streams: WHOLE,
    cache_dir: "text",
    load_config: CONFIG,
    model_priority: ["LOW", "MEDIUM", "HIGH", "DEFAULT"],
    disable_dynamic_shapes: BOOLEAN,
    enable_qdq_optimizer: BOOLEAN,
    reshape_input: "text",
  },
  defaults: { device_type: "CPU", precision: "FP32" },
  deviceKey: "device_type",
  ids: {
    pattern: /^(?:(?:AUTO|HETERO|MULTI):)?(?:CPU|GPU|NPU)(?:\.\d)?$/,
    wanted: "CPU, GPU, GPU.1 or NPU",
    first: "CPU",
  },
} as const satisfies Partial<ProviderRow>;

/** OpenVINO as a plugin, whose default precision on a CPU is bfloat16. */
export const OPENVINO_PLUGIN: OptionTable = {
  options: { load_config: CONFIG },
  defaults: {
    load_config: JSON.stringify({
      CPU: { INFERENCE_PRECISION_HINT: "f32" },
      GPU: { INFERENCE_PRECISION_HINT: "f32" },
    }),
  },
};

/** Printed by ONNX Runtime, whose message is only "Failed to load provider OpenVINO". */
export const OPENVINO_FAILURES: readonly FailureText[] = [
  {
    when: /\[OpenVINO\] Device (\S+) is not available/,
    reason: "OpenVINO has no device $1 on this machine",
    hint: "--devices openvino:CPU works on every x86 CPU",
  },
  {
    when: /Invalid provider_option key: (\S+)/,
    reason: "this version has no option $1",
    hint: "leave it out of --ep_options",
  },
  {
    when: /Unsupported inference precision is selected\. ([^\n]*)/,
    reason: "it refuses the precision ($1)",
    hint: "--ep_options sets precision, or INFERENCE_PRECISION_HINT in load_config",
  },
  {
    when: /JSON parsing error: ([^\n]*)/,
    reason: "it cannot read load_config ($1)",
    hint: 'want JSON, as in load_config={"CPU":{"INFERENCE_PRECISION_HINT":"bf16"}}',
  },
  {
    when: /(lib(?:openvino|tbb)[\w.-]*\.so[.\d]*): cannot open shared object/,
    reason: "$1 is missing beside libonnxruntime",
    hint: `install the whole wheel onnxruntime-openvino, or ${USE_CPU}`,
  },
];
