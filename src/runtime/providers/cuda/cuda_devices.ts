/**
 * CUDA devices: what there are, and the options of a session on one.
 * @module
 */
import type { CudaDevice, CudaDriver } from "../../../../ffi/cuda_driver.ts";
import type { Environment } from "../../environment.ts";
import { createSessionOptions, type SessionOptions } from "../../session_options.ts";
import type { CudaLibraryOptions } from "./cuda_libraries.ts";
import type { CudaOptions } from "./cuda_options.ts";
import { cudaDriver, type CudaReady, readyCuda } from "./cuda_ready.ts";

export { type CudaDevice, type CudaDriver, cudaDriver, type CudaReady };

/** Options of {@link openCuda}. */
export interface OpenCudaOptions extends CudaLibraryOptions {
  /** Options of the provider for all sessions. */
  cuda?: CudaOptions;
}

/**
 * Prepares CUDA once per process, also for Workers: checks driver, devices and the version of ONNX
 * Runtime's libraries, opens NVIDIA's libraries, and appends the provider for a test.
 *
 * @throws {PermissionError} without `--allow-ffi`, or if the provider's library may not be read
 * @throws {RuntimeLibraryError} naming the missing part
 * @throws {UsageError} naming an option that ONNX Runtime refuses
 */
export function openCuda(
  env: Environment,
  { folder, cuda }: OpenCudaOptions = {},
): CudaReady {
  const ready = readyCuda(env, folder);
  createSessionOptions(env, cudaSessionOptions(cuda?.device_id ?? 0, { cuda })).close();
  return ready;
}

/**
 * Options of a session on one device.
 *
 * @param deviceId number of the device, as {@link cudaDriver} counts them
 * @param options what else the session is given; its `cuda` options apply to this device
 */
export function cudaSessionOptions(deviceId: number, options: SessionOptions = {}): SessionOptions {
  return { ...options, provider: "cuda", cuda: { ...options.cuda, device_id: deviceId } };
}
