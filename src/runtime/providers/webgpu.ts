/**
 * The WebGPU provider: any GPU with Vulkan, Metal or Direct3D 12.
 * @module
 */
import { minorOf } from "../../../ffi/bind_api.ts";
import { readVulkanDevices, type VulkanDevice } from "../../../ffi/vulkan.ts";
import { type Environment, sharedOf } from "../environment.ts";
import { type OptionChecks, SWITCH } from "./option_checks.ts";
import { devicesOf } from "./plugin_library.ts";
import { USE_CPU } from "./provider_failure.ts";
import type { DeviceEntry, FailureText, ProviderReady } from "./provider_row.ts";

const CACHE_MODES = ["disabled", "lazyRelease", "simple", "bucket"];
const MIB = 2 ** 20;

/** Options by their own names; those that take a native address are left out. */
export const WEBGPU_OPTIONS: OptionChecks = {
  preferredLayout: ["NCHW", "NHWC"],
  dawnBackendType: ["Vulkan", "D3D12"],
  powerPreference: ["high-performance", "low-power"],
  validationMode: ["disabled", "wgpuOnly", "basic", "full"],
  storageBufferCacheMode: CACHE_MODES,
  uniformBufferCacheMode: CACHE_MODES,
  queryResolveBufferCacheMode: CACHE_MODES,
  defaultBufferCacheMode: CACHE_MODES,
  enableInt64: SWITCH,
  enableGraphCapture: SWITCH,
  enableRobustness: SWITCH,
  preserveDevice: SWITCH,
  maxStorageBufferBindingSize: { min: 128 * MIB, max: 4096 * MIB },
  maxNumPendingDispatches: { min: 1, max: 4096 },
  forceCpuNodeNames: "text",
};

const DRIVERS = "install your GPU's Vulkan driver (mesa-vulkan-drivers for AMD and Intel)";

/** Texts of Dawn and messages of ONNX Runtime if there is no adapter. */
export const WEBGPU_FAILURES: readonly FailureText[] = [
  {
    when: /Couldn't load Vulkan: ([^\n]*)/,
    reason: "the Vulkan loader cannot be opened ($1)",
    hint: "install it (libvulkan1, vulkan-loader) and your GPU's Vulkan driver",
  },
  {
    when: /Found no drivers|VK_ERROR_INCOMPATIBLE_DRIVER/,
    reason: "the Vulkan loader found no driver",
    hint: DRIVERS,
  },
  {
    when: /Warning: ((?!max)[^\n]*)\n[^\n]*While initializing adapter/,
    reason: "the Vulkan driver is too old ($1)",
    hint: "install a newer driver (Mesa 25 works)",
  },
  {
    when: /No supported adapters|Failed to get a WebGPU adapter/,
    reason: "this machine has no GPU that it supports",
    hint: `${DRIVERS}, or ${USE_CPU}`,
  },
  {
    when: /requires? f16|shader-f16/i,
    reason: "the GPU has no float16 arithmetic",
    hint: "leave out --fp16",
  },
];

/**
 * Lowest minor version of ONNX Runtime 1.x whose provider is used. On 1.23 two sessions in turn,
 * and on 1.26 a missing driver, ended the process by a segmentation fault; versions between 1.26
 * and 1.30 were not tried.
 */
export const OLDEST_WEBGPU = 30;

/** Name that ONNX Runtime lists the provider by. */
export const WEBGPU_EP_NAME = "WebGpuExecutionProvider";

/** The adapter that Dawn takes on Linux: a real one if there is one. */
export function bestAdapter(
  devices: readonly VulkanDevice[] | undefined = readVulkanDevices(),
): VulkanDevice | undefined {
  return devices?.find(({ software }) => !software) ?? devices?.[0];
}

/** Names the adapter; ONNX Runtime finds the rest itself. */
export function prepareWebGpu(_: Environment): ProviderReady {
  return { device: bestAdapter()?.name, libraries: [] };
}

/** The adapter, if the library has the provider. */
export function webGpuEntries(env: Environment): DeviceEntry[] {
  const adapter = bestAdapter();
  if (!adapter || !env.availableProviders.includes(WEBGPU_EP_NAME)) return [];
  return [{ id: "webgpu:0", name: adapter.name + (adapter.software ? " (software)" : "") }];
}

/** `auto` takes a real GPU, never a software adapter, which is slower than the CPU itself. */
export function offerWebGpu(env: Environment): true | string | undefined {
  if (!env.availableProviders.includes(WEBGPU_EP_NAME)) return undefined;
  if (minorOf(env.version) < OLDEST_WEBGPU) {
    return `WebGPU needs ONNX Runtime 1.${OLDEST_WEBGPU} or newer, this is ${env.version}`;
  }
  if (Deno.build.os !== "linux") return hasGpu(env) || undefined;
  return adapterOffer(bestAdapter());
}

/** What `auto` makes of the adapter that Dawn would take. */
export function adapterOffer(adapter: VulkanDevice | undefined): true | string | undefined {
  if (!adapter?.software) return adapter && true;
  return `WebGPU has only a software adapter (${adapter.name})`;
}

/** Whether ONNX Runtime itself found a GPU for the provider. */
function hasGpu(env: Environment): boolean {
  const { library: { api }, env: { unsafeHandle } } = sharedOf(env);
  return devicesOf({ api, env: unsafeHandle }, { epName: WEBGPU_EP_NAME }).some(({ gpu }) => gpu);
}
