/**
 * What CUDA needs before the first session: driver, devices and libraries.
 * @module
 */
import { type CudaDriver, readCudaDriver } from "../../../../ffi/cuda_driver.ts";
import type { Environment } from "../../environment.ts";
import { cudaUnavailable, noDriver } from "./cuda_failure.ts";
import { loadCudaLibraries } from "./cuda_libraries.ts";
import { USE_CPU } from "../provider_failure.ts";
import type { DeviceEntry, LoadedLibrary, PrepareOptions, ProviderReady } from "../provider_row.ts";

/**
 * What the driver counts and calls its devices. The driver honours `CUDA_VISIBLE_DEVICES` itself.
 *
 * @returns `undefined` where no driver is installed
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

/** CUDA, ready for sessions on any of its devices. */
export interface CudaReady {
  /** NVIDIA's driver and its devices. */
  readonly driver: CudaDriver;
  /** NVIDIA's libraries that were opened. */
  readonly libraries: readonly LoadedLibrary[];
}

/** Asks the driver, then opens NVIDIA's libraries. @throws {RuntimeLibraryError} as `openCuda` */
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

/** {@link readyCuda} as a row of the table has it. */
export function prepareCuda(
  env: Environment,
  { folder, deviceId = 0 }: PrepareOptions,
): ProviderReady {
  const { driver, libraries } = readyCuda(env, folder);
  const { name } = driver.devices[Number(deviceId)] ?? { name: "device" };
  return { device: name, driver: driver.version, libraries };
}

/** TensorRT needs CUDA's libraries; without a driver its own answer says more. */
export function prepareTensorRt(env: Environment, options: PrepareOptions): ProviderReady {
  return cudaDriver() ? prepareCuda(env, options) : { libraries: [] };
}
