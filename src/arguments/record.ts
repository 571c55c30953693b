/** Settings as a manifest and an image record them: under the flags' names. @module */
import { UsageError } from "../errors.ts";
import { describeWanted, type FlagTable } from "./flag.ts";
import { show } from "./parse_flags.ts";
import { fromRecordable, isSetting, recordable, settingName } from "./setting_names.ts";
import type { Overrides, Settled, Task } from "./settings.ts";
import { type GivenSettings, type SettingValues, unusedSettings } from "./settle.ts";
import { TASKS } from "./tasks.ts";

/** Every flag but sparse ones without a value, `null` where it has no value or is not used by the method. */
export type RecordedArguments = Record<string, string | number | boolean | null>;

/**
 * The arguments for a manifest (`all`) or an image (those that change the result).
 *
 * @param instead what takes the place of settings that were left open, or are not used
 */
export function recordArguments(
  settings: Settled,
  which: "all" | "result",
  instead: SettingValues = {},
): RecordedArguments {
  const unused = new Set(unusedSettings(settings.method));
  const values: SettingValues = { ...settings, ...instead };
  const recorded: RecordedArguments = {};
  for (const [name, flag] of Object.entries(TASKS[settings.task].flags)) {
    const scope = flag.scope ?? "result";
    if (scope === "session" || (which === "result" && scope !== "result")) continue;
    const setting = settingName(name);
    const value = unused.has(setting) ? null : recordable(setting, values[setting]) ?? null;
    if (flag.sparse && value === null) continue;
    recorded[name] = value as RecordedArguments[string];
  }
  return recorded;
}

/**
 * The settings that a manifest or an image recorded; what was not used is left out.
 *
 * @throws {UsageError} on a name that is no flag of the task, or a value of another type
 */
export function recordedSettings(task: Task, recorded: SettingValues): GivenSettings {
  return { task, ...settingsOf(TASKS[task].flags, recorded) };
}

function settingsOf(flags: FlagTable, recorded: SettingValues): SettingValues {
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(recorded)) {
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (flag === undefined || !isSetting(name, flag)) {
      throw new UsageError(`the recorded arguments name ${show(name)}, which is not a flag`);
    }
    if (value === null || value === false) continue;
    const boolean = flag.type === "boolean";
    if (typeof value === "object" || (boolean && value !== true)) {
      const wanted = boolean ? "true or false" : describeWanted(flag);
      throw new UsageError(
        `the recorded arguments have ${show(value)} for ${name}, wanted ${wanted}`,
      );
    }
    settings[settingName(name)] = fromRecordable(settingName(name), value);
  }
  return settings;
}

/** Settings of a task from the values of flags that were given. */
export function givenSettings(
  task: Task,
  values: SettingValues,
  given: ReadonlySet<string>,
): GivenSettings {
  return { task, ...givenOverrides(TASKS[task].flags, values, given) };
}

/** Settings from the values of flags that were given, whatever the task; flags of the command alone are left out. */
export function givenOverrides(
  flags: FlagTable,
  values: SettingValues,
  given: ReadonlySet<string>,
): Overrides {
  const own = [...given].filter((name) => name in flags && isSetting(name, flags[name]));
  return settingsOf(flags, Object.fromEntries(own.map((name) => [name, values[name]])));
}

/** `args.txt` in the form of the official scripts: the repr of argparse's namespace. */
export function argumentsText(args: RecordedArguments): Uint8Array {
  const python = (value: RecordedArguments[string]) => {
    if (value === null) return "None";
    if (typeof value === "boolean") return value ? "True" : "False";
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  };
  const pairs = Object.entries(args).map(([name, value]) => `${name}=${python(value)}`);
  return new TextEncoder().encode(`Namespace(${pairs.join(", ")})\n`);
}
