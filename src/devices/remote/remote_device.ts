/**
 * A model on a server, as a device.
 * @module
 */
import type { PingTimes } from "./grpc_pings.ts";

/** A model that a server evaluates by the Open Inference Protocol over gRPC. */
export interface RemoteDevice {
  /** `host:port`. */
  readonly host: string;
  /** Name of the model on the server. */
  readonly model: string;
  /** Whether the connection is encrypted: `grpcs://`. */
  readonly tls: boolean;
  /** Number of the lane, from 0: each has a connection and one call at a time. */
  readonly lane: number;
}

/** Options shared by all remote devices of a pool. */
export interface RemoteOptions {
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly ca?: string;
  /** Headers of every call; their values never appear in messages or reports. */
  readonly headers?: Readonly<Record<string, string>>;
  /** When connections are tested during a call. */
  readonly pings?: PingTimes;
}

/** Identity of a server and its model. */
export interface ServedModel {
  /** `host:port` of the server. */
  readonly host: string;
  /** Name of the model on the server. */
  readonly model: string;
  /** Version of the model; empty if the server has none. */
  readonly version: string;
  /** Name and version of the server software; empty if unknown. */
  readonly server: string;
}

/** Whether a device is a model on a server. */
export function isRemote(device: object): device is RemoteDevice {
  return "host" in device;
}

/** Whether every device is a model on a server, so that no file is opened. */
export function areServed(
  { devices = [], fallback }: { devices?: readonly object[]; fallback?: "cpu" },
): boolean {
  return devices.length > 0 && devices.every(isRemote) && fallback === undefined;
}

/** `grpc://host:8001/model`. */
export function remoteAddress({ tls, host, model }: RemoteDevice): string {
  return `${tls ? "grpcs" : "grpc"}://${host}/${model}`;
}

/** `grpc://host:8001/model#0`. */
export function remoteName(device: RemoteDevice): string {
  return `${remoteAddress(device)}#${device.lane}`;
}
