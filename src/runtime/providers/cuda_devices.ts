/**
 * CUDA devices: what there are, and the options of a session on one.
 * @module
 */
import { type CudaDevice, type CudaDriver, readCudaDriver } from "../../../ffi/cuda_driver.ts";
import { cudaUnavailable, noDriver } from "./cuda_failure.ts";
import {
  type CudaLibraryOptions,
  loadCudaLibraries,
  type LoadedLibrary,
} from "./cuda_libraries.ts";
import type { CudaOptions } from "./cuda_options.ts";
import { type Environment, sharedOf } from "../environment.ts";
import { createSessionOptions, type SessionOptions } from "../session_options.ts";

export type { CudaDevice, CudaDriver };

/**
 * What the driver counts and calls its devices. The driver honours `CUDA_VISIBLE_DEVICES` itself.
 *
 * @returns `undefined` where no driver is installed
 * @throws {PermissionError} without `--allow-ffi`
 */
export function cudaDriver(): CudaDriver | undefined {
  return readCudaDriver();
}

/** Options of {@link openCuda}. */
export interface OpenCudaOptions extends CudaLibraryOptions {
  /** Options of the provider that every session will be given. */
  cuda?: CudaOptions;
}

/** CUDA, ready for sessions on any of its devices. */
export interface CudaReady {
  /** NVIDIA's driver and its devices. */
  readonly driver: CudaDriver;
  /** NVIDIA's libraries that were opened. */
  readonly libraries: readonly LoadedLibrary[];
}

/**
 * Takes every step that a session on CUDA needs once in a process, Workers included: driver,
 * devices, ONNX Runtime's own libraries and their version, NVIDIA's libraries; then lets ONNX
 * Runtime try.
 *
 * @throws {PermissionError} without `--allow-ffi`, or when the provider's library may not be read
 * @throws {RuntimeLibraryError} in one line, naming what is missing
 * @throws {UsageError} naming an option that ONNX Runtime does not take
 */
export function openCuda(
  env: Environment,
  { folder, cuda }: OpenCudaOptions = {},
): CudaReady {
  const { library: { api } } = sharedOf(env);
  const driver = cudaDriver();
  if (!driver) throw noDriver();
  if (driver.problem !== undefined) {
    throw cudaUnavailable(
      `the NVIDIA driver has no device for us (${driver.problem})`,
      "check CUDA_VISIBLE_DEVICES, or use the CPU (--provider cpu)",
    );
  }
  const libraries = loadCudaLibraries(env, { folder });
  createSessionOptions(api, cudaSessionOptions(cuda?.device_id ?? 0, { cuda })).close();
  return { driver, libraries };
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
