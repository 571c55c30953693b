/** Reads the settings of devices: `devices`, `buckets`, `fallback`. @module */
import { UsageError } from "../errors.ts";
import {
  deviceName,
  type DeviceSpec,
  isLocal,
  type LocalDevice,
} from "../runtime/devices/device.ts";
import { isRemote, type RemoteDevice } from "../runtime/devices/remote/remote_device.ts";
import { cudaOptionsOf, type ProviderSettings } from "./flags/cuda_flags.ts";
import { show } from "./parse_flags.ts";
import { splitDevices } from "./flags/remote_devices.ts";
import type { SettledShared } from "./settings.ts";

/** Settings that decide which devices share the rows of a round. */
export type DeviceSettings =
  & ProviderSettings
  & Pick<SettledShared, "devices" | "fallback" | "buckets" | "deadline" | "threads">
  & Pick<SettledShared, "deviceCa" | "deviceHeaders">;

const MOST_DEVICES = 64;
const CUDA_IDS = /^\d{1,3}(,\d{1,3})*$/;
const CPU_LANES = /^cpu(:(\d{1,3}))?$/;

/**
 * Devices that `devices` names; `undefined` for `auto`.
 *
 * @throws {UsageError} when it names no device, a device twice, or a device of a provider other
 *   than `provider`
 */
export function readDevices(
  { devices: text, provider = "auto" }: Pick<DeviceSettings, "devices" | "provider">,
): readonly DeviceSpec[] | undefined {
  if (text === "auto") return undefined;
  const { local, servers } = splitDevices(text);
  const devices = local === "" && servers.length > 0 ? [] : readLocal(local, provider);
  const all = [...devices, ...servers];
  if (new Set(all.map(deviceName)).size === all.length && all.length <= MOST_DEVICES) return all;
  throw new UsageError((name) =>
    `${name("devices")} names ${all.length} devices, wanted are up to ${MOST_DEVICES}, each once`
  );
}

function readLocal(text: string, provider: string): LocalDevice[] {
  const lanes = CPU_LANES.exec(text);
  const devices: LocalDevice[] | undefined = lanes
    ? Array.from({ length: Number(lanes[2] ?? 1) }, (_, lane) => ({ kind: "cpu", lane }))
    : CUDA_IDS.test(text)
    ? text.split(",").map((id) => ({ kind: "cuda", id: Number(id) }))
    : undefined;
  const distinct = new Set(devices?.map((device) => JSON.stringify(device)));
  if (
    !devices || devices.length === 0 || distinct.size < devices.length ||
    distinct.size > MOST_DEVICES
  ) {
    throw new UsageError((name) =>
      `${name("devices")} is ${
        show(text)
      } but takes auto, CUDA ids such as 0,1,2, each once, or cpu:N with N from 1 to ` +
      `${MOST_DEVICES}, and servers such as grpc://host:8001/model*2`
    );
  }
  const [{ kind }] = devices;
  if (provider === "auto" || provider === kind) return devices;
  throw new UsageError((name) =>
    `${name("devices")} ${text} and ${name("provider")} ${provider} name different providers`
  );
}

/**
 * Row counts that calls are padded to; `undefined` for none.
 *
 * @throws {UsageError} when a size is not an integer >= 1
 */
export function readBuckets(
  { buckets: text }: Pick<DeviceSettings, "buckets">,
  provider: "cpu" | "cuda",
): readonly number[] | "auto" | undefined {
  if (text === "auto") return provider === "cuda" ? "auto" : undefined;
  if (text === "none") return undefined;
  if (/^[1-9]\d{0,5}(,[1-9]\d{0,5})*$/.test(text)) return text.split(",").map(Number);
  throw new UsageError((name) =>
    `${name("buckets")} is ${show(text)} but takes auto, none, or numbers of rows such as 50,25,13`
  );
}

/**
 * Validates the device settings before anything is opened.
 *
 * @throws {UsageError}
 */
export function checkDevices(settings: DeviceSettings): void {
  readBuckets(settings, "cpu");
  const devices = readDevices(settings) ?? [];
  const servers = devices.filter(isRemote);
  checkConnections(settings, servers);
  const onCuda = devices.some((device) => isLocal(device) && device.kind === "cuda");
  if (onCuda && cudaOptionsOf(settings).device_id !== undefined) {
    throw new UsageError(
      (name) => `${name("devices")} and the device_id of ${name("cudaOptions")} both name a GPU`,
      { hint: "leave device_id out" },
    );
  }
  const { fallback } = settings;
  if (fallback === "none" || onCuda || servers.length > 0) return;
  throw new UsageError((name) =>
    `${name("fallback")} is ${fallback}, but ${
      name("devices")
    } names no GPU or server to fall back from`
  );
}

function checkConnections(settings: DeviceSettings, servers: readonly RemoteDevice[]): void {
  const isIdle = { deviceCa: !servers.some(({ tls }) => tls), deviceHeaders: servers.length === 0 };
  for (const setting of ["deviceCa", "deviceHeaders"] as const) {
    if (settings[setting] === undefined || !isIdle[setting]) continue;
    const wanted = setting === "deviceCa" ? "grpcs://" : "grpc:// or grpcs://";
    throw new UsageError((name) =>
      `${name(setting)} is given, but ${name("devices")} names no ${wanted} server`
    );
  }
}
