/**
 * Devices: what they are called, and the session options of each.
 * @module
 */
import type { Provider } from "../runtime/providers/provider_row.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import { isRemote, type RemoteDevice, remoteName } from "./remote/remote_device.ts";

/** A device of this machine, or a model on a server. */
export type DeviceSpec = LocalDevice | RemoteDevice;

/**
 * A device of a pool: a provider and the number or name that the provider gives the device. For the
 * CPU it is the number of a lane; all lanes share one session, and so one copy of the weights.
 */
export interface LocalDevice {
  /** Execution provider. */
  readonly provider: Provider;
  /** Number of the device, or its name: `CPU`, `GPU.1` for OpenVINO. */
  readonly id: number | string;
}

/** Whether a device is one of this machine. */
export function isLocal(device: DeviceSpec): device is LocalDevice {
  return !isRemote(device);
}

/** `cuda:0`, `cpu:1`, `openvino:GPU`, `grpc://host:8001/model#0`. */
export function deviceName(device: DeviceSpec): string {
  return isRemote(device) ? remoteName(device) : `${device.provider}:${device.id}`;
}

/**
 * Options of the session that a device's Worker opens, or of the one that lanes share.
 */
export function deviceSessionOptions(
  { provider, id }: LocalDevice,
  base: SessionOptions,
): SessionOptions {
  return { ...base, provider, deviceId: id };
}

/** Options of a session on the CPU in the place of one on a device. */
export function onCpu(base: SessionOptions): SessionOptions {
  const { cuda: _, providerOptions: __, providerLibrary: ___, deviceId: ____, ...rest } = base;
  return { ...rest, provider: "cpu" };
}

/** Ways in which a device can fail a call, or fail altogether. */
export type FaultKind = "open" | "call" | "memory" | "reply" | "hang" | "exit" | "nonfinite";

/** A kind of failure of one device, counted. */
export interface FaultReport {
  /** What went wrong. */
  readonly kind: FaultKind;
  /** What was said the first time. */
  readonly message: string;
  /** How often it happened. */
  readonly count: number;
}

/** What a device did in a run. */
export interface DeviceReport {
  /** Such as `cuda:0` or `cpu:1`. */
  readonly name: string;
  /** `lost` devices take no more rows; `closed` ones were never lost. */
  readonly state: "ready" | "lost";
  /** Rows that it evaluated. */
  readonly rows: number;
  /** Its part of the rows of all devices, 0 … 1. */
  readonly share: number;
  /** Calls that gave those rows. */
  readonly calls: number;
  /** Seconds that it was busy with them. */
  readonly seconds: number;
  /** Calls of its own that had to be made again, here or elsewhere. */
  readonly retries: number;
  /** Workers that were replaced. */
  readonly restarts: number;
  /** Rows per call that its memory was found to hold; absent when it never ran out. */
  readonly maxRows?: number;
  /** What went wrong, by kind. */
  readonly faults: readonly FaultReport[];
}
