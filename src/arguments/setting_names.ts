/** Maps setting names of the library to flag names. @module */
import type { Flag } from "./flag.ts";

/** Settings with names from diffusers or ONNX Runtime, by the flag name of the official scripts. */
const RENAMED: Readonly<Record<string, string>> = {
  timesteps: "numInferenceSteps",
  cfg_scale: "guidanceScale",
  tol1: "atol",
  tol2: "rtol",
  max_steps: "maxRounds",
  init_trajectory: "initialTrajectory",
  init_latents: "initialLatents",
  init_image: "initialImage",
  ort_lib: "libraryPath",
  cuda_libs: "cudaLibraryPath",
  ep_options: "providerOptions",
  ep_lib: "providerLibrary",
};
const FLAGS = new Map(Object.entries(RENAMED).map(([flag, setting]) => [setting, flag]));

/** The setting of a flag: `windowSize` for `window_size`. */
export function settingName(flag: string): string {
  return RENAMED[flag] ?? flag.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The flag of a setting, without dashes: `window_size` for `windowSize`. */
export function flagName(setting: string): string {
  return FLAGS.get(setting) ??
    setting.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Spells a setting as a flag on the command line. */
export function asFlag(setting: string): string {
  return `--${flagName(setting)}`;
}

/** Settings whose flag is a comma-separated list. */
const LISTS: readonly string[] = ["classLabels", "seeds", "sigmas", "timestepsList"];

/** Session flags that are settings of a run. */
const SESSION_SETTINGS: readonly string[] = ["no_checkpoint", "verbose"];

/**
 * Whether a flag is a setting of a run; others, such as `--quiet`, exist on the command line only.
 */
export function isSetting(name: string, { scope }: Flag): boolean {
  return scope !== "session" || SESSION_SETTINGS.includes(name);
}

/** Flag value of a setting, as a manifest records it. */
export function recordable(setting: string, value: unknown): unknown {
  if (setting === "maxRounds" && typeof value === "number") return value + 1;
  if (LISTS.includes(setting) && Array.isArray(value)) return value.join();
  return value;
}

/** Setting value of a recorded flag value; `max_steps` counts the initial step too. */
export function fromRecordable(setting: string, value: unknown): unknown {
  if (setting === "maxRounds" && typeof value === "number") return value - 1;
  if (LISTS.includes(setting) && typeof value === "string") return value.split(",");
  return value;
}
