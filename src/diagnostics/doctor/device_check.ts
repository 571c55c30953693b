/** Lists the processor and the graphics cards. @module */
import type { Environment } from "../../runtime/environment.ts";
import type { ProviderSettings } from "../../arguments/flags/cuda_flags.ts";
import { deviceLines, listDevices } from "./list_devices.ts";
import type { Check } from "./check.ts";

/** Lists the devices as `--list_devices` does. */
export async function checkDevices(
  env: Environment,
  settings: ProviderSettings,
): Promise<Check> {
  const list = await listDevices(env, settings);
  return { name: "devices", state: "ok", text: deviceLines(list).join("\n"), data: list };
}
