/** Everything that there is to run on. @module */
import { PermissionError, RuntimeLibraryError } from "../../errors.ts";
import { type CudaDriver, cudaDriver, openCuda } from "../../runtime/providers/cuda_devices.ts";
import type { Environment } from "../../runtime/environment.ts";
import { cudaOptionsOf, type ProviderSettings } from "../../arguments/flags/cuda_flags.ts";

/** What there is to run on. */
export interface DeviceList {
  /** As `--provider` and the manifest name them. */
  devices: { id: string; name: string; memory?: number; compute_capability?: string }[];
  /** Highest version of CUDA that the driver serves; `null` without a driver. */
  driver: string | null;
  /** `CUDA_VISIBLE_DEVICES`, where reading it is granted and it is set. */
  visible?: string;
  onnxruntime: { version: string; path: string };
  /** Why CUDA cannot be had; absent when it can. */
  problem?: string;
}

/** Asks the driver, then tries all that a session on CUDA needs. */
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

/** The lines that people read. */
export function deviceLines(
  { devices, driver, visible, onnxruntime, problem }: DeviceList,
): string[] {
  const width = Math.max(...devices.map(({ id }) => id.length));
  return [
    ...devices.map(({ id, name, memory, compute_capability: capability }) =>
      `${id.padEnd(width)}  ${name}` +
      (memory === undefined ? "" : `, ${(memory / 2 ** 30).toFixed(1)} GiB, ${capability}`)
    ),
    driver === null ? "no NVIDIA driver" : `the NVIDIA driver serves CUDA ${driver}`,
    ...(visible === undefined ? [] : [`CUDA_VISIBLE_DEVICES is ${JSON.stringify(visible)}`]),
    `ONNX Runtime ${onnxruntime.version}, ${onnxruntime.path}`,
    ...(driver === null ? [] : [problem ?? "CUDA can be had: --provider cuda, or auto"]),
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

/** The driver reads it itself; here it is only shown. */
function visibleDevices(): string | undefined {
  const variable = "CUDA_VISIBLE_DEVICES";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
