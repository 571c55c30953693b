/**
 * Settings of a `scheduler_config.json` that are not followed: refused if they change the result,
 * else named in a note.
 * @module
 */
import type { JsonValue } from "../../formats/json.ts";
import { shown, shownValue } from "../../text.ts";
import type { ScheduleKind } from "../../sampling/schedules/scheduler_config.ts";
import type { ModelError } from "../../errors.ts";
import type { ConfigReader } from "../config_reader.ts";
import { type SchedulerClass, type SchedulerDefaults, STEPPING_KEYS } from "./scheduler_classes.ts";

/** Settings for other kinds of networks or samplers, which must be off. */
const MUST_BE_OFF = ["use_flow_sigmas", "use_dynamic_shifting"];

/**
 * Settings that change the levels or noise of the class's own steps, with the values that do not.
 */
const NOT_FOLLOWED: Readonly<Record<string, readonly JsonValue[]>> = {
  use_karras_sigmas: [null, false],
  use_exponential_sigmas: [null, false],
  use_beta_sigmas: [null, false],
  use_lu_lambdas: [null, false],
  lambda_min_clipped: [null, -Infinity],
  sigma_min: [null],
  sigma_max: [null],
  final_sigmas_type: [null, "zero"],
  variance_type: [null, "fixed_small", "fixed_small_log"],
};

/** The file that is read, and its context. */
export interface Source {
  file: ConfigReader;
  kind: ScheduleKind;
  /** Whether the file's `steps_offset` and `clip_sample` hold. */
  ownSettings: boolean;
  /** The class that the file names. */
  name: SchedulerClass | undefined;
  /** Defaults of the class. */
  defaults: Partial<SchedulerDefaults>;
  note(what: string): void;
}

/** The error for a flow model, which the command flow samples. */
export function flowRefusal(file: ConfigReader): ModelError {
  return file.refusal(
    `_class_name is ${shownValue(file.get("_class_name"))}, the scheduler of a flow model`,
    "the command flow samples it",
  );
}

/** Refuses settings with unsupported levels or steps. @throws {ModelError} */
export function refuseUnsupported({ file }: Source): void {
  if (file.flag("predict_epsilon") === false) throw file.wrong("predict_epsilon", "true");
  file.oneOf("timestep_type", ["discrete"]);
  const on = MUST_BE_OFF.find((key) => file.flag(key));
  if (on !== undefined) throw file.wrong(on, "false, true is not supported");
}

/** Text `key is value`, or that the key is absent, with the default of its class. */
export function describeSetting(key: string, value: JsonValue, { file, name }: Source): string {
  const absent = file.get(key) === undefined;
  return `${key} is ${absent ? `absent, ${name}'s default ` : ""}${shownValue(value)}`;
}

/** Notes settings that are not followed, and keys that no scheduler has. */
export function noteIgnoredSettings({ file, note }: Source): void {
  const unread = new Set(file.unread);
  for (const [key, neutral] of Object.entries(NOT_FOLLOWED)) {
    const value = file.get(key);
    if (!unread.has(key) || value === undefined || neutral.includes(value)) continue;
    note(`${key} is ${shownValue(value)}, which is not followed`);
  }
  const unknown = file.unread.filter((key) => !key.startsWith("_") && !STEPPING_KEYS.has(key));
  if (unknown.length > 0) {
    note(`${unknown.map(shown).join(", ")}: not a setting of any scheduler, not followed`);
  }
}
