/**
 * Prepares CUDA before the first session: driver, devices and libraries.
 * @module
 */
import { type CudaDriver, readCudaDriver } from "../../../../ffi/cuda_driver.ts";
import type { Environment } from "../../environment.ts";
import { cudaUnavailable, noDriver } from "./cuda_failure.ts";
import { loadCudaLibraries } from "./cuda_libraries.ts";
import { USE_CPU } from "../provider_failure.ts";
import type { DeviceEntry, LoadedLibrary, PrepareOptions, ProviderReady } from "../provider_row.ts";

/**
 * The driver and its devices. The driver follows `CUDA_VISIBLE_DEVICES`.
 *
 * @returns `undefined` if no driver is installed
 * @throws {PermissionError} without `--allow-ffi`
 */
export function cudaDriver(): CudaDriver | undefined {
  return readCudaDriver();
}

/** The driver's devices. */
export function cudaEntries(): DeviceEntry[] {
  return (cudaDriver()?.devices ?? []).map(({ id, name, memory, computeCapability }) => ({
    id: `cuda:${id}`,
    name,
    memory,
    compute_capability: computeCapability,
  }));
}

/** CUDA's driver and libraries. */
export interface CudaReady {
  /** NVIDIA's driver and its devices. */
  readonly driver: CudaDriver;
  /** NVIDIA's libraries that were opened. */
  readonly libraries: readonly LoadedLibrary[];
}

/** Reads the driver and opens NVIDIA's libraries. @throws {RuntimeLibraryError} as `openCuda` */
export function readyCuda(env: Environment, folder: string | undefined): CudaReady {
  const driver = cudaDriver();
  if (!driver) throw noDriver();
  if (driver.problem !== undefined) {
    throw cudaUnavailable(
      `the NVIDIA driver has no device for us (${driver.problem})`,
      `check CUDA_VISIBLE_DEVICES, or ${USE_CPU}`,
    );
  }
  return { driver, libraries: loadCudaLibraries(env, { folder }) };
}

/** {@link readyCuda}, as `prepare` of a provider row. */
export function prepareCuda(
  env: Environment,
  { folder, deviceId = 0 }: PrepareOptions,
): ProviderReady {
  const { driver, libraries } = readyCuda(env, folder);
  const { name } = driver.devices[Number(deviceId)] ?? { name: "device" };
  return { device: name, driver: driver.version, libraries };
}

/** Opens CUDA's libraries for TensorRT, whose own error is clearer without a driver. */
export function prepareTensorRt(env: Environment, options: PrepareOptions): ProviderReady {
  return cudaDriver() ? prepareCuda(env, options) : { libraries: [] };
}
