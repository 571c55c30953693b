/** The processor and the graphics cards. @module */
import type { Environment } from "../../runtime/environment.ts";
import type { ProviderValues } from "../../arguments/cuda_flags.ts";
import { deviceLines, listDevices } from "../../cli/list_devices.ts";
import type { Check } from "./check.ts";

/** As `--list-devices` says it. */
export function checkDevices(env: Environment, values: ProviderValues): Check {
  const list = listDevices(env, values);
  return { name: "devices", state: "ok", text: deviceLines(list).join("\n"), data: list };
}
