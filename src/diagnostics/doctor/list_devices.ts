/** Lists the available devices. @module */
import { PermissionError, RuntimeLibraryError } from "../../errors.ts";
import { cudaOptionsOf, type ProviderSettings } from "../../arguments/flags/cuda_flags.ts";
import { providerOptionsOf } from "../../arguments/flags/provider_options.ts";
import { cudaDriver, openCuda } from "../../runtime/providers/cuda/cuda_devices.ts";
import type { Environment } from "../../runtime/environment.ts";
import { openProvider } from "../../runtime/providers/open_provider.ts";
import type { DeviceEntry, Provider } from "../../runtime/providers/provider_row.ts";
import { PROVIDER_NAMES, PROVIDERS } from "../../runtime/providers/provider_table.ts";

/** Available devices. */
export interface DeviceList {
  /** Devices, named as in `--devices` and the manifest. */
  devices: readonly DeviceEntry[];
  /** Highest CUDA version that the driver supports; `null` without a driver. */
  driver: string | null;
  /** Value of `CUDA_VISIBLE_DEVICES`, if it is set and may be read. */
  visible?: string;
  onnxruntime: { version: string; path: string };
  /** Why CUDA is unavailable; absent if it is available. */
  problem?: string;
  /** Other providers of this library or of `--ep_lib`, and why they are unavailable. */
  providers: readonly { name: Provider; problem?: string }[];
}

/** Queries the drivers, then tries everything that a session on a device needs. */
export async function listDevices(
  env: Environment,
  settings: ProviderSettings,
): Promise<DeviceList> {
  const cpu = { id: "cpu", name: `${navigator.hardwareConcurrency} cores` };
  const others = PROVIDER_NAMES.filter((name) => isCandidate(env, name, settings));
  return {
    devices: [cpu, ...Object.values(PROVIDERS).flatMap(({ list }) => list?.(env) ?? [])],
    driver: cudaDriver()?.version ?? null,
    visible: visibleDevices(),
    onnxruntime: { version: env.version, path: env.libraryPath },
    problem: await problemOf(() =>
      openCuda(env, { folder: settings.cudaLibraryPath, cuda: cudaOptionsOf(settings) })
    ),
    providers: await Promise.all(others.map(async (name) => ({
      name,
      problem: await problemOf(() => {
        const options = name === settings.provider ? providerOptionsOf(name, settings) : {};
        return openProvider(env, { ...options, provider: name });
      }),
    }))),
  };
}

/** Whether the library has the provider, or the settings name it. CUDA has lines of its own. */
function isCandidate(env: Environment, name: Provider, { provider }: ProviderSettings): boolean {
  const { epName, lanes, takesCudaFlags } = PROVIDERS[name];
  if (lanes || takesCudaFlags) return false;
  return name === provider || env.availableProviders.includes(epName);
}

/** Lines for the user. */
export function deviceLines(
  { devices, driver, visible, onnxruntime, problem, providers }: DeviceList,
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
    ...providers.map(({ name, problem }) => problem ?? availableLine(name)),
  ];
}

function availableLine(name: Provider): string {
  const { title, untested } = PROVIDERS[name];
  return `${title} is available: --provider ${name}` + (untested ? " (untested)" : "");
}

async function problemOf(open: () => unknown): Promise<string | undefined> {
  try {
    await open();
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
