/** Lists the available devices. @module */
import { PermissionError, RuntimeLibraryError } from "../../errors.ts";
import { type CudaDriver, cudaDriver, openCuda } from "../../runtime/providers/cuda_devices.ts";
import type { Environment } from "../../runtime/environment.ts";
import { cudaOptionsOf, type ProviderSettings } from "../../arguments/flags/cuda_flags.ts";

/** Available devices. */
export interface DeviceList {
  /** Devices, named as in `--provider` and the manifest. */
  devices: { id: string; name: string; memory?: number; compute_capability?: string }[];
  /** Highest CUDA version that the driver supports; `null` without a driver. */
  driver: string | null;
  /** Value of `CUDA_VISIBLE_DEVICES`, if it is set and may be read. */
  visible?: string;
  onnxruntime: { version: string; path: string };
  /** Why CUDA is unavailable; absent if it is available. */
  problem?: string;
}

/** Queries the driver, then tries everything that a CUDA session needs. */
export function listDevices(env: Environment, settings: ProviderSettings): DeviceList {
  const driver = cudaDriver();
  const cpu = { id: "cpu", name: `${navigator.hardwareConcurrency} cores` };
  return {
    devices: [cpu, ...(driver ? cudaEntries(driver) : [])],
    driver: driver?.version ?? null,
    visible: visibleDevices(),
    onnxruntime: { version: env.version, path: env.libraryPath },
    problem: cudaProblem(env, settings),
  };
}

/** Lines for the user. */
export function deviceLines(
  { devices, driver, visible, onnxruntime, problem }: DeviceList,
): string[] {
  const width = Math.max(...devices.map(({ id }) => id.length));
  return [
    ...devices.map(({ id, name, memory, compute_capability: capability }) =>
      `${id.padEnd(width)}  ${name}` +
      (memory === undefined ? "" : `, ${(memory / 2 ** 30).toFixed(1)} GiB, ${capability}`)
    ),
    driver === null ? "no NVIDIA driver" : `the NVIDIA driver supports CUDA ${driver}`,
    ...(visible === undefined ? [] : [`CUDA_VISIBLE_DEVICES is ${JSON.stringify(visible)}`]),
    `ONNX Runtime ${onnxruntime.version}, ${onnxruntime.path}`,
    ...(driver === null ? [] : [problem ?? "CUDA is available: --provider cuda, or auto"]),
  ];
}

function cudaEntries({ devices }: CudaDriver): DeviceList["devices"] {
  return devices.map(({ id, name, memory, computeCapability }) => ({
    id: `cuda:${id}`,
    name,
    memory,
    compute_capability: computeCapability,
  }));
}

function cudaProblem(env: Environment, settings: ProviderSettings): string | undefined {
  try {
    openCuda(env, { folder: settings.cudaLibraryPath, cuda: cudaOptionsOf(settings) });
    return undefined;
  } catch (error) {
    if (!(error instanceof RuntimeLibraryError || error instanceof PermissionError)) throw error;
    return `${error.message} - ${error.hint}`;
  }
}

/** Shown only; the driver reads the variable itself. */
function visibleDevices(): string | undefined {
  const variable = "CUDA_VISIBLE_DEVICES";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
