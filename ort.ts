/**
 * ONNX Runtime's C API, called through `Deno.dlopen`: sessions, tensors, prepared runs, CUDA. The
 * API has no pointers. Needs `--allow-ffi` and the permission to read the library.
 *
 * - {@link Environment} is the open library, {@link InferenceSession} a network, {@link Tensor} an
 *   input or output.
 * - {@link IoBinding} prepares a run once, for many executions.
 * - {@link openCuda} prepares CUDA for sessions. {@link DeviceSpec} is a device of a pool.
 *
 * @example A network that ships with parataa
 * ```ts
 * import { Environment, InferenceSession, Tensor } from "@parataa/parataa/ort";
 * import assert from "node:assert/strict";
 *
 * using env = Environment.open();
 * const network = "models/dit-emoji/vae_decoder/model.onnx";
 * await using session = await InferenceSession.create(env, network);
 * const [input] = session.inputs;
 * using latents = new Tensor(env, "float32", [1, 4, 8, 8]);
 * const { sample } = await session.run({ [input.name]: latents });
 * assert.deepEqual(sample.dims, [1, 3, 64, 64]);
 * ```
 * @module
 */
export * from "./src/errors.ts";
export type { ErrorCodeName, GraphOptimizationLevel, LogSeverityLevel } from "./ffi/ort_enums.ts";
export { OrtError } from "./ffi/status.ts";
export type { ServedNetwork } from "./src/devices/admission.ts";
export type { CallLimits } from "./src/devices/call_size.ts";
export type {
  DeviceReport,
  DeviceSpec,
  FaultKind,
  FaultReport,
  LocalDevice,
} from "./src/devices/device.ts";
export type { PoolRunOptions } from "./src/devices/device_pool.ts";
export type { DevicePoolOptions } from "./src/devices/device_roster.ts";
export type { PingTimes } from "./src/devices/remote/grpc_pings.ts";
export type {
  RemoteDevice,
  RemoteOptions,
  ServedModel,
} from "./src/devices/remote/remote_device.ts";
export { Environment, type EnvironmentOptions } from "./src/runtime/environment.ts";
export { InferenceSession, type RunOptions } from "./src/runtime/inference_session.ts";
export { IoBinding, type IoBindingRunOptions } from "./src/runtime/io_binding.ts";
export type { ModelMetadata, TensorMetadata } from "./src/runtime/model_metadata.ts";
export {
  type CudaDevice,
  type CudaDriver,
  cudaDriver,
  type CudaReady,
  cudaSessionOptions,
  openCuda,
  type OpenCudaOptions,
} from "./src/runtime/providers/cuda/cuda_devices.ts";
export type { CudaLibraryOptions } from "./src/runtime/providers/cuda/cuda_libraries.ts";
export type { CudaOptions } from "./src/runtime/providers/cuda/cuda_options.ts";
export type {
  LoadedLibrary,
  Provider,
  ProviderOptions,
} from "./src/runtime/providers/provider_row.ts";
export type { SessionOptions } from "./src/runtime/session_options.ts";
export { Tensor } from "./src/runtime/tensor.ts";
export type { TensorData, TensorDataByType, TensorType } from "./src/runtime/tensor_type.ts";
