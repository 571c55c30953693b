/**
 * Vulkan's loader, asked directly: the graphics devices of this machine, and which of them are
 * software. ONNX Runtime's WebGPU provider does not say which adapter it took.
 * @module
 */
import { OutPointer } from "./pointer.ts";

/** Functions of the loader that we call, under C's own names (`vulkan_core.h`). */
const LOADER_SLOTS = {
  vkCreateInstance: {
    parameters: [
      "buffer", // const VkInstanceCreateInfo* pCreateInfo
      "pointer", // const VkAllocationCallbacks* pAllocator, null
      "buffer", // VkInstance* pInstance
    ],
    result: "i32",
  },
  vkEnumeratePhysicalDevices: {
    parameters: [
      "pointer", // VkInstance instance
      "buffer", // uint32_t* pPhysicalDeviceCount
      "buffer", // VkPhysicalDevice* pPhysicalDevices
    ],
    result: "i32",
  },
  vkGetPhysicalDeviceProperties: {
    parameters: [
      "pointer", // VkPhysicalDevice physicalDevice
      "buffer", // VkPhysicalDeviceProperties* pProperties
    ],
    result: "void",
  },
  vkDestroyInstance: {
    parameters: [
      "pointer", // VkInstance instance
      "pointer", // const VkAllocationCallbacks* pAllocator, null
    ],
    result: "void",
  },
} as const satisfies Record<string, Deno.ForeignFunction>;

/** `VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO`; the struct is 64 bytes, zero but for its type. */
const INSTANCE_CREATE_INFO = 1, CREATE_INFO_BYTES = 64;
/** `VK_PHYSICAL_DEVICE_TYPE_CPU`. */
const CPU_TYPE = 4;
/** More than the 824 bytes of `VkPhysicalDeviceProperties`: deviceType @16, deviceName @20. */
const PROPERTIES_BYTES = 1024, TYPE_AT = 16, NAME_AT = 20, NAME_BYTES = 256;
const MAX_DEVICES = 16;

/** A graphics device as its Vulkan driver describes it. */
export interface VulkanDevice {
  readonly name: string;
  /** Whether the driver computes on the CPU, as lavapipe does. */
  readonly software: boolean;
}

let loader: Deno.DynamicLibrary<typeof LOADER_SLOTS> | undefined;

/** Devices of the Vulkan drivers; `undefined` without a loader, or on other systems than Linux. */
export function readVulkanDevices(): VulkanDevice[] | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    loader ??= Deno.dlopen("libvulkan.so.1", LOADER_SLOTS);
  } catch {
    return undefined;
  }
  const { symbols } = loader;
  const info = new Uint8Array(CREATE_INFO_BYTES);
  new DataView(info.buffer).setUint32(0, INSTANCE_CREATE_INFO, true);
  const instance = new OutPointer();
  // Without any driver the loader makes no instance.
  if (symbols.vkCreateInstance(info, null, instance.cell) !== 0) return [];
  try {
    const count = Uint32Array.of(MAX_DEVICES);
    const devices = new BigUint64Array(MAX_DEVICES);
    symbols.vkEnumeratePhysicalDevices(instance.object, count, devices);
    return Array.from(
      devices.subarray(0, count[0]),
      (device) => describe(symbols.vkGetPhysicalDeviceProperties, device),
    );
  } finally {
    symbols.vkDestroyInstance(instance.object, null);
  }
}

function describe(
  properties: (device: Deno.PointerValue, properties: Uint8Array<ArrayBuffer>) => void,
  device: bigint,
): VulkanDevice {
  const bytes = new Uint8Array(PROPERTIES_BYTES);
  properties(Deno.UnsafePointer.create(device), bytes);
  const name = bytes.subarray(NAME_AT, NAME_AT + NAME_BYTES);
  return {
    name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))),
    software: new DataView(bytes.buffer).getUint32(TYPE_AT, true) === CPU_TYPE,
  };
}
