/**
 * Names, session options and reports of devices.
 * @module
 */
import type { Provider } from "../runtime/providers/provider_row.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import { isRemote, type RemoteDevice, remoteName } from "./remote/remote_device.ts";

/** A local device, or a model on a server. */
export type DeviceSpec = LocalDevice | RemoteDevice;

/**
 * A local device: an execution provider and its number or name for the device. For the CPU it is
 * the number of a lane; all lanes share one session, and so one copy of the weights.
 */
export interface LocalDevice {
  /** Execution provider. */
  readonly provider: Provider;
  /** Number of the device, or its name, such as OpenVINO's `CPU` and `GPU.1`. */
  readonly id: number | string;
}

/** Whether a device is local. */
export function isLocal(device: DeviceSpec): device is LocalDevice {
  return !isRemote(device);
}

/** `cuda:0`, `cpu:1`, `openvino:GPU`, `grpc://host:8001/model#0`. */
export function deviceName(device: DeviceSpec): string {
  return isRemote(device) ? remoteName(device) : `${device.provider}:${device.id}`;
}

/** Options of a device's session, or of the session that lanes share. */
export function deviceSessionOptions(
  { provider, id }: LocalDevice,
  base: SessionOptions,
): SessionOptions {
  return { ...base, provider, deviceId: id };
}

/** Options of a session on the CPU instead of a device. */
export function onCpu(base: SessionOptions): SessionOptions {
  const { cuda: _, providerOptions: __, providerLibrary: ___, deviceId: ____, ...rest } = base;
  return { ...rest, provider: "cpu" };
}

/**
 * Kind of a fault: opening failed, a call failed, the memory was too small, the reply was invalid,
 * the call hung, the Worker exited, or the outputs were not finite.
 */
export type FaultKind = "open" | "call" | "memory" | "reply" | "hang" | "exit" | "nonfinite";

/** The faults of one kind of one device. */
export interface FaultReport {
  /** The kind. */
  readonly kind: FaultKind;
  /** Message of the first fault. */
  readonly message: string;
  /** Number of faults. */
  readonly count: number;
}

/** Rows, times and faults of a device in a run. */
export interface DeviceReport {
  /** Name, such as `cuda:0` or `cpu:1`. */
  readonly name: string;
  /** `lost` devices evaluate no more rows. */
  readonly state: "ready" | "lost";
  /** Evaluated rows. */
  readonly rows: number;
  /** Share of the rows of all devices, 0 … 1. */
  readonly share: number;
  /** Successful calls. */
  readonly calls: number;
  /** Duration of the successful calls, in seconds. */
  readonly seconds: number;
  /** Failed calls, which were repeated on this or another device. */
  readonly retries: number;
  /** Number of times that the device was opened again. */
  readonly restarts: number;
  /** Largest number of rows per call that fits in memory; absent if memory was never exhausted. */
  readonly maxRows?: number;
  /** Faults by kind. */
  readonly faults: readonly FaultReport[];
}
