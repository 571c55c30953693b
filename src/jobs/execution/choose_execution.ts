/** Settles what runs the networks, and the devices that share the rows of a round. @module */
import { type DeviceSettings, readBuckets, readDevices } from "../../arguments/device_settings.ts";
import { PermissionError, RuntimeLibraryError, type Wording } from "../../errors.ts";
import type { PoolOptions } from "../../pipelines/latent_pipeline.ts";
import type { DeviceSpec } from "../../runtime/devices/device.ts";
import type { Environment } from "../../runtime/environment.ts";
import { chooseProvider, type Execution } from "./choose_provider.ts";

/** What runs the networks, and the devices that the noise-predicting one is spread over. */
export interface DeviceExecution extends Execution {
  /** Absent where one session of the main thread does all. */
  readonly devices?: readonly DeviceSpec[];
}

/**
 * Settles what runs the networks; all but the noise-predicting one run on the first device. A `fallback` to the CPU takes it where CUDA
 * cannot be had.
 *
 * @throws {RuntimeLibraryError | PermissionError} when CUDA is asked for and cannot be had
 */
export function chooseExecution(env: Environment, settings: DeviceSettings): DeviceExecution {
  const devices = readDevices(settings);
  if (!devices) return chooseProvider(env, settings);
  const [first] = devices;
  if (first.kind === "cpu") {
    return { ...chooseProvider(env, { ...settings, provider: "cpu" }), devices };
  }
  try {
    return { ...chooseProvider(env, { ...settings, provider: "cuda" }, first.id), devices };
  } catch (error) {
    const unavailable = error instanceof RuntimeLibraryError || error instanceof PermissionError;
    if (settings.fallback !== "cpu" || !unavailable) throw error;
    const onCpu = chooseProvider(env, { ...settings, provider: "cpu" });
    const note: Wording = (name) =>
      `${error.message}; using the CPU because of ${name("fallback")}`;
    return { ...onCpu, notes: [note, ...onCpu.notes] };
  }
}

/** How the noise-predicting network's rows are spread. */
export function poolOptions(
  settings: DeviceSettings,
  { devices, provider, session }: Pick<DeviceExecution, "devices" | "provider" | "session">,
  onNote: (line: string) => void,
): PoolOptions {
  const lanes = provider === "cpu" ? devices?.length : undefined;
  // Lanes with more threads than there are cores would wait for each other in loops.
  const perLane = lanes && Math.max(1, Math.floor(navigator.hardwareConcurrency / lanes));
  return {
    devices,
    session: { ...session, intraOpNumThreads: settings.threads ?? perLane },
    buckets: readBuckets(settings, provider),
    deadlineSeconds: settings.deadline,
    fallback: settings.fallback === "cpu" ? "cpu" : undefined,
    onNote,
  };
}
