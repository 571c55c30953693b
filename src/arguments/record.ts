/** Records settings in a manifest or an image, under the names of the flags. @module */
import { UsageError } from "../errors.ts";
import { describeWanted, type FlagTable } from "./flag.ts";
import { fromRecordable, isSetting, recordable, settingName } from "./setting_names.ts";
import type { Overrides, ResolvedSettings, Task } from "./settings.ts";
import { type GivenSettings, type SettingValues, unusedSettings } from "./resolve_settings.ts";
import { TASKS } from "./tasks.ts";
import { shownValue } from "../text.ts";

/** Values of all flags, sparse ones only if set; `null` if unset or not used by the method. */
export type RecordedArguments = Record<string, string | number | boolean | null>;

/**
 * Arguments to record in a manifest (`all`) or in an image (only those that affect the result).
 *
 * @param instead values that replace open or unused settings
 */
export function recordArguments(
  settings: ResolvedSettings,
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
 * Settings from the record of a manifest or an image; unused ones are omitted.
 *
 * @throws {UsageError} on a name that is not a flag of the task, or a value of another type
 */
export function recordedSettings(task: Task, recorded: SettingValues): GivenSettings {
  return { task, ...settingsOf(TASKS[task].flags, recorded) };
}

function settingsOf(flags: FlagTable, recorded: SettingValues): SettingValues {
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(recorded)) {
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (flag === undefined || !isSetting(name, flag)) {
      throw new UsageError(`the recorded arguments name ${shownValue(name)}, which is not a flag`);
    }
    if (value === null || value === false) continue;
    const boolean = flag.type === "boolean";
    if (typeof value === "object" || (boolean && value !== true)) {
      const wanted = boolean ? "true or false" : describeWanted(flag);
      throw new UsageError(
        `the recorded arguments have ${shownValue(value)} for ${name}, wanted ${wanted}`,
      );
    }
    settings[settingName(name)] = fromRecordable(settingName(name), value);
  }
  return settings;
}

/** Settings of a task from the given flags. */
export function givenSettings(
  task: Task,
  values: SettingValues,
  given: ReadonlySet<string>,
): GivenSettings {
  return { task, ...givenOverrides(TASKS[task].flags, values, given) };
}

/** Settings from the given flags, for any task; flags that are not settings are omitted. */
export function givenOverrides(
  flags: FlagTable,
  values: SettingValues,
  given: ReadonlySet<string>,
): Overrides {
  const own = [...given].filter((name) => name in flags && isSetting(name, flags[name]));
  return settingsOf(flags, Object.fromEntries(own.map((name) => [name, values[name]])));
}

/** Content of `args.txt`, as the official scripts write it: the repr of argparse's namespace. */
export function argumentsText(args: RecordedArguments): Uint8Array {
  const python = (value: RecordedArguments[string]) => {
    if (value === null) return "None";
    if (typeof value === "boolean") return value ? "True" : "False";
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  };
  const pairs = Object.entries(args).map(([name, value]) => `${name}=${python(value)}`);
  return new TextEncoder().encode(`Namespace(${pairs.join(", ")})\n`);
}
