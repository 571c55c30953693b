/**
 * Reads the number and properties of the CUDA devices from NVIDIA's driver. Its API needs no CUDA
 * toolkit.
 * @module
 */
import { RuntimeLibraryError } from "../src/errors.ts";
import { requireFfiPermission } from "./library.ts";
import { OutPointer, readCString } from "./pointer.ts";

/** Functions of the driver, by their C names (`cuda.h`). All return a `CUresult`, 0 for success. */
const DRIVER_SLOTS = {
  cuInit: {
    parameters: [
      "u32", // unsigned int Flags, 0
    ],
    result: "i32",
  },
  cuDriverGetVersion: {
    parameters: [
      "buffer", // int* driverVersion
    ],
    result: "i32",
  },
  cuDeviceGetCount: {
    parameters: [
      "buffer", // int* count
    ],
    result: "i32",
  },
  cuDeviceGet: {
    parameters: [
      "buffer", // CUdevice* device
      "i32", // int ordinal
    ],
    result: "i32",
  },
  cuDeviceGetName: {
    parameters: [
      "buffer", // char* name
      "i32", // int len
      "i32", // CUdevice dev
    ],
    result: "i32",
  },
  cuDeviceTotalMem_v2: {
    parameters: [
      "buffer", // size_t* bytes
      "i32", // CUdevice dev
    ],
    result: "i32",
  },
  cuDeviceGetAttribute: {
    parameters: [
      "buffer", // int* pi
      "i32", // CUdevice_attribute attrib
      "i32", // CUdevice dev
    ],
    result: "i32",
  },
  cuGetErrorString: {
    parameters: [
      "i32", // CUresult error
      "buffer", // const char** pStr, owned by the driver
    ],
    result: "i32",
  },
} as const satisfies Record<string, Deno.ForeignFunction>;

type Driver = Deno.DynamicLibrary<typeof DRIVER_SLOTS>["symbols"];

/** `CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR` and `_MINOR`. */
const CAPABILITY = [75, 76] as const;

/** Paths of the driver's library outside the loader's search path: WSL, containers, NixOS. */
const DRIVER_PATHS: Record<string, readonly string[]> = {
  linux: [
    "libcuda.so.1",
    "/usr/lib/wsl/lib/libcuda.so.1",
    "/usr/local/nvidia/lib64/libcuda.so.1",
    "/run/opengl-driver/lib/libcuda.so.1",
  ],
  windows: ["nvcuda.dll"],
};

/** A CUDA device. */
export interface CudaDevice {
  /** Number that ONNX Runtime's `device_id` takes, after `CUDA_VISIBLE_DEVICES`. */
  readonly id: number;
  /** Name of the product. */
  readonly name: string;
  /** Size of its memory, in bytes. */
  readonly memory: number;
  /** Compute capability, such as "9.0". */
  readonly computeCapability: string;
}

/** State of the driver. */
export interface CudaDriver {
  /** Highest supported version of CUDA, such as "13.0". */
  readonly version: string;
  /** Usable devices. */
  readonly devices: readonly CudaDevice[];
  /** Why there are no devices, in the driver's words. */
  readonly problem?: string;
}

/**
 * Opens the driver and lists its devices. The driver itself applies `CUDA_VISIBLE_DEVICES`.
 *
 * @returns `undefined` if no driver is installed
 * @throws {PermissionError} without `--allow-ffi`
 * @throws {RuntimeLibraryError} if the driver's library exists but cannot be opened
 */
export function readCudaDriver(): CudaDriver | undefined {
  requireFfiPermission("asking NVIDIA's driver");
  const driver = openDriver();
  if (!driver) return undefined;
  const number = new Int32Array(1);
  driver.cuDriverGetVersion(number);
  const version = `${Math.floor(number[0] / 1000)}.${Math.floor(number[0] % 1000 / 10)}`;
  const failure = driver.cuInit(0) || driver.cuDeviceGetCount(number);
  if (failure !== 0) {
    const problem = `CUDA error ${failure}: ${errorText(driver, failure)}`;
    return { version, devices: [], problem };
  }
  const count = number[0];
  if (count === 0) return { version, devices: [], problem: "it has no device" };
  return { version, devices: Array.from({ length: count }, (_, id) => describe(driver, id)) };
}

let opened: Driver | undefined;

/** Opens the driver once. It is never closed, since ONNX Runtime uses the same library. */
function openDriver(): Driver | undefined {
  return opened ??= findDriver();
}

function findDriver(): Driver | undefined {
  for (const path of DRIVER_PATHS[Deno.build.os] ?? []) {
    try {
      return Deno.dlopen(path, DRIVER_SLOTS).symbols;
    } catch (error) {
      if (isMissing(error, path)) continue;
      const reason = error instanceof Error ? error.message : String(error);
      throw new RuntimeLibraryError(`cannot open NVIDIA's driver ${path}: ${reason}`, {
        cause: error,
      });
    }
  }
  return undefined;
}

/**
 * Whether the loader did not find the file. Windows reports the reason in the language of the
 * system and without a number, so every failure to open the driver counts there.
 */
function isMissing(error: unknown, path: string): boolean {
  const message = error instanceof Error ? error.message : "";
  return Deno.build.os === "windows" || message.includes(`${path}: cannot open shared object file`);
}

function describe(driver: Driver, id: number): CudaDevice {
  const device = new Int32Array(1);
  const name = new Uint8Array(256);
  const memory = new BigUint64Array(1);
  const attribute = new Int32Array(1);
  driver.cuDeviceGet(device, id);
  driver.cuDeviceGetName(name, name.length, device[0]);
  driver.cuDeviceTotalMem_v2(memory, device[0]);
  const capability = CAPABILITY.map((number) => {
    driver.cuDeviceGetAttribute(attribute, number, device[0]);
    return attribute[0];
  });
  const end = name.indexOf(0);
  return {
    id,
    name: new TextDecoder().decode(name.subarray(0, end < 0 ? name.length : end)),
    memory: Number(memory[0]),
    computeCapability: capability.join("."),
  };
}

function errorText(driver: Driver, code: number): string {
  const text = new OutPointer();
  return driver.cuGetErrorString(code, text.cell) === 0 ? readCString(text.pointer) : "unknown";
}
