/**
 * Plugin libraries with a provider, and the devices that they offer.
 * @module
 */
import { basename, resolve } from "node:path";
import { cString, OutPointer, pathString, pointerAt, readCString } from "../../../ffi/pointer.ts";
import { OrtError, trimOrtMessage } from "../../../ffi/status.ts";
import { findFailure, providerUnavailable, USE_CPU } from "./provider_failure.ts";
import type { AppendTarget, FailureText, ProviderOptions, ProviderRow } from "./provider_row.ts";

type Registry = Pick<AppendTarget, "api" | "env">;
type PluginOptions = ProviderOptions & { readonly providerLibrary: string };

/** Plugins that this thread registered, by the provider's name in ONNX Runtime. */
const registered = new Map<string, string>();

const FAILURES: readonly FailureText[] = [
  {
    when: /Failed to get symbol CreateEpFactories|undefined symbol: Provider_GetHost/,
    reason: "$file is no plugin of ONNX Runtime (it has no CreateEpFactories)",
    hint: "$packages",
  },
  {
    when: /(lib[\w.-]+\.so[.\d]*): cannot open shared object/,
    reason: "$file needs $1, which is missing",
    hint: `install the library that has it, or ${USE_CPU}`,
  },
  {
    when: /cannot open shared object|Error loading|error code 126|no such file/i,
    reason: "there is no file $file",
    hint: "--ep_lib names the plugin library of the provider",
  },
  {
    when: /invalid ELF|file too short|cannot dynamically load|not a mach-o|is not a valid/i,
    reason: "$file is no library for this system",
    hint: "$packages",
  },
];

/**
 * Registers a plugin library once per process, on the main thread before a Worker needs it. It
 * stays registered, since sessions may use it until the process ends.
 *
 * @throws {RuntimeLibraryError} if it is no plugin, or another plugin has this provider
 */
export function registerPlugin(
  { api, env }: Registry,
  row: ProviderRow,
  { providerLibrary }: PluginOptions,
): void {
  const path = resolve(providerLibrary);
  const other = registered.get(row.epName) ?? pathOf({ api, env }, row);
  if (other === path) return;
  if (other !== undefined) {
    throw providerUnavailable(row, `this process has its plugin ${other} registered already`, {
      hint: "name one plugin per provider",
    });
  }
  try {
    api.RegisterExecutionProviderLibrary(env, cString(row.epName), pathString(path));
  } catch (error) {
    if (!(error instanceof OrtError)) throw error;
    // Another thread may have registered one before; ONNX Runtime keeps the first.
    if (!error.ortMessage.includes("already registered")) throw describe(row, path, error);
  }
  registered.set(row.epName, path);
}

/**
 * Registers the plugin and returns the requested device.
 *
 * @throws {RuntimeLibraryError} if the plugin has no such device
 */
export function pickDevice(
  registry: Registry,
  row: ProviderRow,
  options: PluginOptions,
): Deno.PointerValue {
  registerPlugin(registry, row, options);
  const devices = devicesOf(registry, row);
  const { deviceId = row.ids.first } = options;
  const index = Number(deviceId);
  const device = Number.isInteger(index)
    ? devices[index]
    : devices.find(({ metadata }) => metadata.some(([, value]) => value === deviceId));
  if (device) return device.pointer;
  const file = basename(options.providerLibrary);
  const reason = devices.length === 0
    ? `${file} offers no ${row.title} device on this machine`
    : `${file} offers no device ${deviceId}, only ${devices.length} of them`;
  throw providerUnavailable(row, reason, { hint: USE_CPU });
}

/** `OrtHardwareDeviceType_GPU`, and the vendor of Windows' software adapter. */
const GPU_TYPE = 1, MICROSOFT = 0x1414;

interface PluginDevice {
  readonly pointer: Deno.PointerObject;
  /** Whether it is a GPU other than Windows' software adapter. */
  readonly gpu: boolean;
  readonly metadata: readonly [string, string][];
}

/** Devices that ONNX Runtime lists for a provider, which may be built in. */
export function devicesOf(
  { api, env }: Registry,
  { epName }: Pick<ProviderRow, "epName">,
): PluginDevice[] {
  const list = new OutPointer();
  const count = new BigUint64Array(1);
  api.GetEpDevices(env, list.cell, count);
  const all = Array.from({ length: Number(count[0]) }, (_, i) => pointerAt(list.object, i)!);
  return all.filter((device) => readCString(api.EpDevice_EpName(device)) === epName)
    .map((pointer) => ({
      pointer,
      gpu: isGpu({ api, env }, pointer),
      metadata: metadataOf({ api, env }, pointer),
    }));
}

function isGpu({ api }: Registry, device: Deno.PointerObject): boolean {
  const hardware = api.EpDevice_Device(device);
  return api.HardwareDevice_Type(hardware) === GPU_TYPE &&
    api.HardwareDevice_VendorId(hardware) !== MICROSOFT;
}

/** Path of the plugin that another thread has registered for a provider. */
function pathOf(registry: Registry, row: ProviderRow): string | undefined {
  const [first] = devicesOf(registry, row);
  return first?.metadata.find(([key]) => key === "library_path")?.[1];
}

function metadataOf({ api }: Registry, device: Deno.PointerObject): [string, string][] {
  const keys = new OutPointer(), values = new OutPointer();
  const count = new BigUint64Array(1);
  api.GetKeyValuePairs(api.EpDevice_EpMetadata(device), keys.cell, values.cell, count);
  const text = (list: OutPointer, i: number) => readCString(pointerAt(list.object, i));
  return Array.from({ length: Number(count[0]) }, (_, i) => [text(keys, i), text(values, i)]);
}

function describe(row: ProviderRow, path: string, cause: OrtError): Error {
  const message = cause.ortMessage.replaceAll(path, "");
  const words = { file: path, packages: row.packages };
  const { reason, hint } = findFailure(FAILURES, [message], words) ??
    { reason: trimOrtMessage(message), hint: row.packages };
  return providerUnavailable(row, reason, { hint, cause });
}
