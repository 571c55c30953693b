/** One table between the words of the library's settings and those of the flags. @module */
import type { Flag } from "./flag.ts";

/** Settings that go by diffusers' or ONNX Runtime's terms, by the flag of the official scripts. */
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

/** Spells settings as a command line does. */
export function asFlag(setting: string): string {
  return `--${flagName(setting)}`;
}

/** Settings whose flag has a list with commas. */
const LISTS: readonly string[] = ["classLabels", "seeds"];

/** Flags of the call alone that a run heeds all the same. */
const HEEDED: readonly string[] = ["no_checkpoint", "verbose"];

/** Whether a flag is a setting of a run; the others, such as `--quiet`, belong to the command line alone. */
export function isSetting(name: string, { scope }: Flag): boolean {
  return scope !== "session" || HEEDED.includes(name);
}

/** A setting as its flag's value: what a manifest records. */
export function recordable(setting: string, value: unknown): unknown {
  if (setting === "maxRounds" && typeof value === "number") return value + 1;
  if (LISTS.includes(setting) && Array.isArray(value)) return value.join();
  return value;
}

/** A setting from its flag's value; `max_steps` counts the start too. */
export function fromRecordable(setting: string, value: unknown): unknown {
  if (setting === "maxRounds" && typeof value === "number") return value - 1;
  if (LISTS.includes(setting) && typeof value === "string") return value.split(",");
  return value;
}
