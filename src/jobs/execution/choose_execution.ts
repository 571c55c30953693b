/** Chooses the execution provider, and the devices that share the rows of a round. @module */
import { type DeviceSettings, readBuckets, readDevices } from "../../arguments/device_settings.ts";
import { PermissionError, RuntimeLibraryError, type Wording } from "../../errors.ts";
import type { PoolOptions } from "../../pipelines/latent_pipeline.ts";
import { type DeviceSpec, isLocal } from "../../devices/device.ts";
import type { RemoteOptions } from "../../devices/remote/remote_device.ts";
import type { Environment } from "../../runtime/environment.ts";
import { PROVIDERS } from "../../runtime/providers/provider_table.ts";
import { chooseProvider, type Execution } from "./choose_provider.ts";

/** Execution provider, and the devices that share the rows of the denoiser. */
export interface DeviceExecution extends Execution {
  /** Absent if one session on the main thread evaluates all rows. */
  readonly devices?: readonly DeviceSpec[];
}

/**
 * Chooses the execution provider. Only the denoiser is spread over the devices; the other networks
 * run on the first one of this machine. With `fallback: "cpu"` the CPU is used if the devices are
 * unavailable.
 *
 * @throws {RuntimeLibraryError | PermissionError} when a provider is requested and unavailable
 */
export async function chooseExecution(
  env: Environment,
  settings: DeviceSettings,
): Promise<DeviceExecution> {
  const devices = readDevices(settings);
  const first = devices?.find(isLocal);
  if (!first) return { ...await chooseProvider(env, settings), devices };
  const { provider, id } = first;
  try {
    return { ...await chooseProvider(env, { ...settings, provider }, id), devices };
  } catch (error) {
    const unavailable = error instanceof RuntimeLibraryError || error instanceof PermissionError;
    if (settings.fallback !== "cpu" || !unavailable) throw error;
    const onCpu = await chooseProvider(env, { ...settings, provider: "cpu" });
    const note: Wording = (name) =>
      `${error.message}; using the CPU because of ${name("fallback")}`;
    return { ...onCpu, notes: [note, ...onCpu.notes] };
  }
}

/** Options of the pool that spreads the denoiser's rows over the devices. */
export function poolOptions(
  settings: DeviceSettings,
  { devices, provider, session, remote, onNote }:
    & Pick<DeviceExecution, "devices" | "provider" | "session">
    & { remote: RemoteOptions; onNote: (line: string) => void },
): PoolOptions {
  const lanes = PROVIDERS[provider].lanes ? devices?.filter(isLocal).length : undefined;
  // More threads than cores would wait for each other in spin loops.
  const perLane = lanes && Math.max(1, Math.floor(navigator.hardwareConcurrency / lanes));
  return {
    devices,
    remote,
    session: { ...session, intraOpNumThreads: settings.threads ?? perLane },
    buckets: readBuckets(settings, provider),
    deadlineSeconds: settings.deadline,
    fallback: settings.fallback === "cpu" ? "cpu" : undefined,
    onNote,
  };
}
