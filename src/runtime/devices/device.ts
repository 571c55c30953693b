/**
 * Devices: what they are called, and the session options of each.
 * @module
 */
import { cudaSessionOptions } from "../providers/cuda_devices.ts";
import type { SessionOptions } from "../session_options.ts";
import { isRemote, type RemoteDevice, remoteName } from "./remote/remote_device.ts";

/** A device of this machine, or a model on a server. */
export type DeviceSpec = LocalDevice | RemoteDevice;

/**
 * A device with a Worker of its own: a GPU by CUDA's number with its own session, or a lane of the
 * CPU; all lanes share one session, and so one copy of the weights.
 */
export type LocalDevice =
  | { readonly kind: "cuda"; readonly id: number }
  | { readonly kind: "cpu"; readonly lane: number };

/** Whether a device is one of this machine. */
export function isLocal(device: DeviceSpec): device is LocalDevice {
  return !isRemote(device);
}

/** `cuda:0`, `cpu:1`, `grpc://host:8001/model#0`. */
export function deviceName(device: DeviceSpec): string {
  if (isRemote(device)) return remoteName(device);
  return device.kind === "cuda" ? `cuda:${device.id}` : `cpu:${device.lane}`;
}

/**
 * Options of the session that a device's Worker opens, or of the one that the CPU's lanes share.
 */
export function deviceSessionOptions(device: LocalDevice, base: SessionOptions): SessionOptions {
  return device.kind === "cuda"
    ? cudaSessionOptions(device.id, base)
    : { ...base, provider: "cpu" };
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
