/**
 * The table of execution providers.
 * @module
 */
import { appendTensorRt, byName } from "./append_routes.ts";
import { describeCudaFailure } from "./cuda/cuda_failure.ts";
import { appendCuda } from "./cuda/cuda_provider.ts";
import { cudaDriver, cudaEntries, prepareCuda, prepareTensorRt } from "./cuda/cuda_ready.ts";
import { OPENVINO, OPENVINO_FAILURES, OPENVINO_PLUGIN } from "./openvino.ts";
import { BOOLEAN, SWITCH, WHOLE } from "./option_checks.ts";
import type { DeviceIds, Provider, ProviderRow } from "./provider_row.ts";
import { NV_TENSORRT_RTX_OPTIONS, TENSORRT_OPTIONS } from "./tensorrt_options.ts";
import {
  offerWebGpu,
  OLDEST_WEBGPU,
  prepareWebGpu,
  WEBGPU_EP_NAME,
  WEBGPU_FAILURES,
  WEBGPU_OPTIONS,
  webGpuEntries,
} from "./webgpu.ts";

const NUMBERS: DeviceIds = { pattern: /^\d{1,3}$/, wanted: "a device number", first: 0 };
const ONLY_0: DeviceIds = { pattern: /^0$/, wanted: "0, the only device", first: 0 };

/** Defaults of a row. */
const DEVICE = {
  options: {},
  ids: NUMBERS,
  precision: "float32",
  copiesInputs: true,
  buckets: true,
  failures: [],
  untested: true,
} as const satisfies Partial<ProviderRow>;

/** The execution providers, by the names that `--provider` takes. */
export const PROVIDERS: Readonly<Record<Provider, ProviderRow>> = {
  cpu: {
    ...DEVICE,
    title: "CPU",
    epName: "CPUExecutionProvider",
    append: () => {}, // ONNX Runtime always has it
    lanes: true,
    copiesInputs: false,
    buckets: false,
    packages: "every library of ONNX Runtime has it",
    untested: false,
  },
  cuda: {
    ...DEVICE,
    title: "CUDA",
    epName: "CUDAExecutionProvider",
    append: appendCuda,
    bridge: "onnxruntime_providers_cuda",
    takesCudaFlags: true,
    list: cudaEntries,
    precision: "float32, with TF32 products on GPUs that have them unless use_tf32=0",
    offer: () => cudaDriver() ? true : undefined,
    prepare: prepareCuda,
    describe: describeCudaFailure,
    packages: "take the wheel onnxruntime-gpu on PyPI and name its core with --ort_lib",
  },
  tensorrt: {
    ...DEVICE,
    title: "TensorRT",
    epName: "TensorrtExecutionProvider",
    append: appendTensorRt,
    bridge: "onnxruntime_providers_tensorrt",
    precision:
      "float32, with TF32 products on GPUs that have them, unless trt_fp16_enable and the like are set",
    options: TENSORRT_OPTIONS,
    deviceKey: "device_id",
    prepare: prepareTensorRt,
    packages: "the wheels onnxruntime-gpu and tensorrt on PyPI have it: name the former's core " +
      "with --ort_lib",
  },
  "nv-tensorrt-rtx": {
    ...DEVICE,
    title: "TensorRT-RTX",
    epName: "NvTensorRTRTXExecutionProvider",
    append: byName("NvTensorRtRtx"),
    options: NV_TENSORRT_RTX_OPTIONS,
    deviceKey: "device_id",
    plugin: { options: NV_TENSORRT_RTX_OPTIONS },
    packages: "PyPI's onnxruntime-ep-nv-tensorrt-rtx-cu13 has it as a plugin: name its library " +
      "with --ep_lib",
  },
  migraphx: {
    ...DEVICE,
    title: "MIGraphX",
    epName: "MIGraphXExecutionProvider",
    append: byName("MIGraphX"),
    bridge: "onnxruntime_providers_migraphx",
    options: {
      migraphx_fp16_enable: SWITCH,
      migraphx_bf16_enable: SWITCH,
      migraphx_fp8_enable: SWITCH,
      migraphx_int8_enable: SWITCH,
      migraphx_exhaustive_tune: SWITCH,
      migraphx_model_cache_dir: "text",
    },
    deviceKey: "device_id",
    packages: "PyPI's onnxruntime-migraphx has it: name its core with --ort_lib",
  },
  openvino: {
    ...DEVICE,
    title: "OpenVINO",
    epName: "OpenVINOExecutionProvider",
    append: byName("OpenVINO"),
    bridge: "onnxruntime_providers_openvino",
    ...OPENVINO,
    plugin: OPENVINO_PLUGIN,
    precision: "float32 unless precision or load_config say otherwise",
    buckets: false,
    failures: OPENVINO_FAILURES,
    blames: /OpenVINO|openvino/,
    packages: "PyPI's onnxruntime-openvino has it: name its core with --ort_lib; " +
      "onnxruntime-ep-openvino has it as a plugin for --ep_lib",
    untested: false,
  },
  webgpu: {
    ...DEVICE,
    title: "WebGPU",
    epName: WEBGPU_EP_NAME,
    append: byName("WebGPU"),
    options: WEBGPU_OPTIONS,
    // Without it the integer arithmetic of every network runs on the CPU.
    defaults: { enableInt64: "1" },
    deviceKey: "deviceId",
    plugin: { options: WEBGPU_OPTIONS, defaults: { enableInt64: "1" } },
    ids: ONLY_0,
    // Two sessions at once end the process (onnxruntime issues 32561 and 31627).
    exclusive: true,
    oldestBuiltIn: OLDEST_WEBGPU,
    // Uploading 2 GiB or more ends the process too; 1.2 GB works.
    bufferBytes: 2 ** 30,
    list: webGpuEntries,
    offer: offerWebGpu,
    prepare: prepareWebGpu,
    failures: WEBGPU_FAILURES,
    blames: /webgpu|WebGPU/,
    packages: "the library of the npm package has it; PyPI's onnxruntime-ep-webgpu has it as a " +
      "plugin for --ep_lib",
    untested: false,
  },
  coreml: {
    ...DEVICE,
    title: "CoreML",
    epName: "CoreMLExecutionProvider",
    precision: "float32 or float16, as CoreML chooses",
    append: byName("CoreML"),
    options: {
      ModelFormat: ["MLProgram", "NeuralNetwork"],
      MLComputeUnits: ["ALL", "CPUOnly", "CPUAndGPU", "CPUAndNeuralEngine"],
      RequireStaticInputShapes: SWITCH,
      ModelCacheDirectory: "text",
      SpecializationStrategy: ["Default", "FastPrediction"],
    },
    ids: ONLY_0,
    packages: "the library of the npm package for macOS has it",
  },
  dml: {
    ...DEVICE,
    title: "DirectML",
    epName: "DmlExecutionProvider",
    append: byName("DML"),
    options: {
      performance_preference: ["default", "high_performance", "minimum_power"],
      device_filter: ["any", "gpu", "npu"],
      disable_metacommands: BOOLEAN,
    },
    deviceKey: "device_id",
    packages: "the library of the npm package for Windows has it",
  },
  xnnpack: {
    ...DEVICE,
    title: "XNNPACK",
    epName: "XnnpackExecutionProvider",
    append: byName("XNNPACK"),
    options: { intra_op_num_threads: WHOLE },
    ids: ONLY_0,
    copiesInputs: false,
    buckets: false,
    packages: "build ONNX Runtime with --use_xnnpack and name the library with --ort_lib",
  },
};

/** Names of the providers. */
export const PROVIDER_NAMES: readonly Provider[] = Object.keys(PROVIDERS) as Provider[];
