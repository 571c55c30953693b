/** Reads the settings of devices: `devices`, `buckets`, `fallback`. @module */
import { UsageError } from "../errors.ts";
import { deviceName, type DeviceSpec, isLocal, type LocalDevice } from "../devices/device.ts";
import { isRemote, type RemoteDevice } from "../devices/remote/remote_device.ts";
import type { Provider } from "../runtime/providers/provider_row.ts";
import { PROVIDERS } from "../runtime/providers/provider_table.ts";
import { cudaOptionsOf, type ProviderSettings } from "./flags/cuda_flags.ts";
import { checkProviderOptions } from "./flags/provider_options.ts";
import { splitDevices } from "./flags/remote_devices.ts";
import type { ResolvedShared } from "./settings.ts";
import { shownValue } from "../text.ts";

/** Settings that decide which devices share the rows of a round. */
export type DeviceSettings =
  & ProviderSettings
  & Pick<ResolvedShared, "devices" | "fallback" | "buckets" | "deadline" | "threads">
  & Pick<ResolvedShared, "deviceCa" | "deviceHeaders">;

const MAX_DEVICES = 64;
const LANES = /^([a-z]+)(?::(\d{1,3}))?$/;

/**
 * Devices that `devices` names; `undefined` for `auto`.
 *
 * @throws {UsageError} when it names no device, a device twice, devices of two providers, or a
 *   device of a provider other than `provider`
 */
export function readDevices(
  { devices: text, provider = "auto" }: Pick<DeviceSettings, "devices" | "provider">,
): readonly DeviceSpec[] | undefined {
  if (text === "auto") return undefined;
  const { local, servers } = splitDevices(text);
  const devices = local === "" && servers.length > 0 ? [] : readLocal(local, provider);
  const all = [...devices, ...servers];
  if (new Set(all.map(deviceName)).size === all.length && all.length <= MAX_DEVICES) return all;
  throw new UsageError((name) =>
    `${name("devices")} names ${all.length} devices, wanted are up to ${MAX_DEVICES}, each once`
  );
}

function readLocal(text: string, provider: string): readonly LocalDevice[] {
  const devices = readDeviceList(text);
  const distinct = new Set(devices?.map((device) => JSON.stringify(device)));
  const count = distinct.size;
  if (!devices || count === 0 || count < devices.length || count > MAX_DEVICES) {
    throw new UsageError((name) =>
      `${name("devices")} is ${
        shownValue(text)
      } but takes auto, devices such as 0,1, cuda:0, webgpu:0 ` +
      `or openvino:CPU, each once, or cpu:N with N from 1 to ${MAX_DEVICES}, and servers such as ` +
      "grpc://host:8001/model*2"
    );
  }
  const [first] = devices;
  const other = devices.find((device) => device.provider !== first.provider);
  if (other || (provider !== "auto" && provider !== first.provider)) {
    throw new UsageError((name) =>
      other
        ? `${name("devices")} ${text} names devices of two providers, wanted one`
        : `${name("devices")} ${text} and ${name("provider")} ${provider} name different providers`
    );
  }
  return devices;
}

/**
 * Devices of this machine in a list, unchecked against each other; `undefined` if a part names
 * none.
 */
export function readDeviceList(text: string): LocalDevice[] | undefined {
  return readLanes(text) ?? readIds(text);
}

/** `cpu` or `cpu:N`: N lanes of a provider that has lanes. */
function readLanes(text: string): LocalDevice[] | undefined {
  const [, name, count = 1] = LANES.exec(text) ?? [];
  if (!isProvider(name) || !PROVIDERS[name].lanes) return undefined;
  return Array.from({ length: Number(count) }, (_, id) => ({ provider: name, id }));
}

/** `0,1`, `cuda:0,1`, `openvino:CPU`: an id without a provider has that of the one before. */
function readIds(text: string): LocalDevice[] | undefined {
  let provider: Provider = "cuda";
  const devices: LocalDevice[] = [];
  for (const part of text.split(",")) {
    const prefix = part.slice(0, Math.max(0, part.indexOf(":")));
    if (isProvider(prefix)) provider = prefix;
    const id = isProvider(prefix) ? part.slice(prefix.length + 1) : part;
    const { lanes, ids } = PROVIDERS[provider];
    if (lanes || !ids.pattern.test(id)) return undefined;
    devices.push({ provider, id: /^\d+$/.test(id) ? Number(id) : id });
  }
  return devices;
}

function isProvider(name: string | undefined): name is Provider {
  return name !== undefined && Object.hasOwn(PROVIDERS, name);
}

/**
 * Row counts that calls are padded to; `undefined` for none.
 *
 * @throws {UsageError} when a size is not an integer >= 1
 */
export function readBuckets(
  { buckets: text }: Pick<DeviceSettings, "buckets">,
  provider: Provider,
): readonly number[] | "auto" | undefined {
  if (text === "auto") return PROVIDERS[provider].buckets ? "auto" : undefined;
  if (text === "none") return undefined;
  if (/^[1-9]\d{0,5}(,[1-9]\d{0,5})*$/.test(text)) return text.split(",").map(Number);
  throw new UsageError((name) =>
    `${name("buckets")} is ${
      shownValue(text)
    } but takes auto, none, or numbers of rows such as 50,25,13`
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
  const servers = devices.filter(isRemote), first = devices.find(isLocal)?.provider;
  checkConnections(settings, servers);
  checkProviderOptions(first ?? settings.provider ?? "auto", settings);
  const onDevice = first !== undefined && !PROVIDERS[first].lanes;
  if (onDevice && cudaOptionsOf(settings).device_id !== undefined) {
    throw new UsageError(
      (name) => `${name("devices")} and the device_id of ${name("cudaOptions")} both name a GPU`,
      { hint: "leave device_id out" },
    );
  }
  const { fallback } = settings;
  if (fallback === "none" || onDevice || servers.length > 0) return;
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
