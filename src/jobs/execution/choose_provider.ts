/** Chooses the execution provider of the networks: the CPU or a CUDA device. @module */
import { PermissionError, RuntimeLibraryError, type Wording } from "../../errors.ts";
import {
  cudaDriver,
  type CudaReady,
  cudaSessionOptions,
  openCuda,
} from "../../runtime/providers/cuda_devices.ts";
import type { CudaOptions } from "../../runtime/providers/cuda_options.ts";
import type { Environment } from "../../runtime/environment.ts";
import {
  CUDA_SETTINGS,
  cudaOptionsOf,
  type ProviderSettings,
} from "../../arguments/flags/cuda_flags.ts";
import type { Provider, SessionOptions } from "../../runtime/session_options.ts";

/** Execution provider, device and session options of the networks. */
export interface Execution {
  readonly provider: Provider;
  /** The device's name; absent for the CPU. */
  readonly device?: string;
  /** Driver and libraries; absent for the CPU. */
  readonly cuda?: CudaReady;
  /** Options of every session. */
  readonly session: SessionOptions;
  /** Notes for the user, one per line. */
  readonly notes: readonly Wording[];
  /** Further lines for verbose output. */
  readonly details: readonly string[];
}

/** Settings that select the execution provider. */
export interface ExecutionSettings extends ProviderSettings {
  threads?: number;
}

/**
 * Chooses the provider. `cuda` fails if CUDA is unavailable. `auto` uses CUDA if a driver, a device
 * and all libraries are found; with only a driver it adds a note on what is missing, and without
 * one no note.
 *
 * @param deviceId first CUDA device of `devices`
 * @throws {RuntimeLibraryError} when CUDA is requested and unavailable
 * @throws {PermissionError} when CUDA is requested and its libraries may not be read
 * @throws {UsageError} when a CUDA option is invalid
 */
export function chooseProvider(
  env: Environment,
  settings: ExecutionSettings,
  deviceId?: number,
): Execution {
  const session = { intraOpNumThreads: settings.threads };
  const onCpu = (...notes: string[]): Execution => ({
    provider: "cpu",
    session: { ...session, provider: "cpu" },
    notes: [...notes, "provider cpu", ...unusedCuda(settings)],
    details: [],
  });
  const options = cudaOptionsOf(settings);
  const cuda = deviceId === undefined ? options : { ...options, device_id: deviceId };
  if (settings.provider === "cpu") return onCpu();
  if (settings.provider === "cuda") {
    return onCuda(env, settings.cudaLibraryPath, { ...session, cuda });
  }
  if (!cudaDriver()) return onCpu();
  try {
    return onCuda(env, settings.cudaLibraryPath, { ...session, cuda });
  } catch (error) {
    if (!(error instanceof RuntimeLibraryError || error instanceof PermissionError)) throw error;
    return onCpu(`${error.message}; using the CPU`);
  }
}

/**
 * CUDA settings are not an error on the CPU: `auto` may choose it, and a recorded GPU run may be
 * repeated there.
 */
function unusedCuda(settings: ProviderSettings): Wording[] {
  const unused = CUDA_SETTINGS.filter((name) => settings[name] !== undefined);
  return unused.length > 0 ? [(name) => `not used on the CPU: ${unused.map(name).join(", ")}`] : [];
}

function onCuda(
  env: Environment,
  folder: string | undefined,
  session: SessionOptions & { cuda: CudaOptions },
): Execution {
  const cuda = openCuda(env, { folder, cuda: session.cuda });
  const { driver, libraries } = cuda;
  const id = Number(session.cuda.device_id ?? 0);
  const device = `${driver.devices[id]?.name ?? "device"} (cuda:${id})`;
  return {
    provider: "cuda",
    device,
    cuda,
    session: cudaSessionOptions(id, session),
    notes: [`provider cuda: ${device}`],
    details: [
      `the driver supports CUDA ${driver.version}`,
      ...libraries.map(({ soname, path }) => `${soname} is ${path}`),
    ],
  };
}
