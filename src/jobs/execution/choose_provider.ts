/** Chooses the execution provider of the networks. @module */
import { CUDA_SETTINGS, type ProviderSettings } from "../../arguments/flags/cuda_flags.ts";
import { PROVIDER_SETTINGS, providerOptionsOf } from "../../arguments/flags/provider_options.ts";
import { PermissionError, RuntimeLibraryError, type Wording } from "../../errors.ts";
import type { Environment } from "../../runtime/environment.ts";
import { openProvider } from "../../runtime/providers/open_provider.ts";
import type { Provider, ProviderReady } from "../../runtime/providers/provider_row.ts";
import { PROVIDER_NAMES, PROVIDERS } from "../../runtime/providers/provider_table.ts";
import type { SessionOptions } from "../../runtime/session_options.ts";

/** Execution provider, device and session options of the networks. */
export interface Execution {
  readonly provider: Provider;
  /** The device's name; absent for the CPU. */
  readonly device?: string;
  /** Driver and libraries; absent for the CPU. */
  readonly ready?: ProviderReady;
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
 * Chooses the provider. One that is named fails if it is unavailable. `auto` takes the first that
 * works: CUDA if there is a driver, WebGPU if there is a real GPU, else the CPU. It adds a note on
 * what is missing.
 *
 * @param deviceId first device of `devices`
 * @throws {RuntimeLibraryError} when a named provider is unavailable
 * @throws {PermissionError} when a named provider's libraries may not be read
 * @throws {UsageError} when an option is invalid
 */
export async function chooseProvider(
  env: Environment,
  settings: ExecutionSettings,
  deviceId?: number | string,
): Promise<Execution> {
  const { provider = "auto" } = settings;
  if (provider === "cpu") return onCpu(settings, []);
  if (provider !== "auto") return await onDevice(env, provider, { settings, deviceId });
  return await chooseBest(env, settings);
}

async function chooseBest(env: Environment, settings: ExecutionSettings): Promise<Execution> {
  const reasons: string[] = [];
  for (const provider of PROVIDER_NAMES) {
    const offer = PROVIDERS[provider].offer?.(env);
    if (offer === undefined) continue;
    if (offer !== true) {
      reasons.push(offer);
      continue;
    }
    try {
      const execution = await onDevice(env, provider, { settings });
      const notes = reasons.map((reason) => `${reason}; using ${PROVIDERS[provider].title}`);
      return { ...execution, notes: [...notes, ...execution.notes] };
    } catch (error) {
      if (!(error instanceof RuntimeLibraryError || error instanceof PermissionError)) throw error;
      reasons.push(error.message);
    }
  }
  return onCpu(settings, reasons.map((reason) => `${reason}; using the CPU`));
}

function onCpu(settings: ExecutionSettings, notes: readonly string[]): Execution {
  return {
    provider: "cpu",
    session: { intraOpNumThreads: settings.threads, provider: "cpu" },
    notes: [...notes, "provider cpu", ...unused(settings)],
    details: [],
  };
}

/**
 * Settings of a device are not an error on the CPU: `auto` may choose it, and a recorded GPU run
 * may be repeated there.
 */
function unused(settings: ProviderSettings): Wording[] {
  const unused = [...CUDA_SETTINGS, ...PROVIDER_SETTINGS]
    .filter((name) => settings[name] !== undefined);
  return unused.length > 0 ? [(name) => `not used on the CPU: ${unused.map(name).join(", ")}`] : [];
}

async function onDevice(
  env: Environment,
  provider: Provider,
  { settings, deviceId }: { settings: ExecutionSettings; deviceId?: number | string },
): Promise<Execution> {
  const { title, ids, untested } = PROVIDERS[provider];
  const options = providerOptionsOf(provider, settings);
  const id = deviceId ?? options.deviceId ?? ids.first;
  const session: SessionOptions = {
    ...{ intraOpNumThreads: settings.threads, provider },
    ...options,
    deviceId: id,
  };
  const ready = await openProvider(env, session, settings.cudaLibraryPath);
  const { driver, libraries } = ready;
  const device = `${ready.device ?? title} (${provider}:${id})`;
  return {
    ...{ provider, device, ready, session },
    notes: [
      `provider ${provider}: ${device}`,
      ...(untested ? [`no network of parataa has been tested on ${title} yet: see selftest`] : []),
    ],
    details: [
      ...(driver === undefined ? [] : [`the driver supports CUDA ${driver}`]),
      ...libraries.map(({ soname, path }) => `${soname} is ${path}`),
    ],
  };
}
