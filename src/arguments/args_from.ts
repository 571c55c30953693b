/** Reads the arguments of an earlier run, for `--args_from`. @module */
import { UsageError } from "../errors.ts";
import { isJsonObject, type JsonObject, type JsonValue, readJson } from "../formats/json.ts";
import { PNG_KEYWORD } from "../runs/image_text.ts";
import { PNG_SIGNATURE } from "../images/png.ts";
import { readPngText } from "../images/png_text.ts";
import { shownValue } from "../text.ts";
import { readUserFile } from "../storage/user_file.ts";
import { recordedSettings } from "./record.ts";
import {
  defined,
  type GivenSettings,
  type SettingValues,
  solverSettings,
} from "./resolve_settings.ts";
import { LEVEL_LISTS } from "./chain_settings.ts";
import { fitToMachine } from "./fit_to_machine.ts";
import { flagName } from "./setting_names.ts";
import { TASKS } from "./tasks.ts";

/** Recorded settings of an earlier run, overridden by the given ones. */
export interface MergedSettings {
  settings: GivenSettings;
  /**
   * Hash of the model recorded in an image; absent for a manifest, which names the model folder.
   */
  recordedModel?: string;
  /** One line for each recorded argument that was changed to fit this machine. */
  notes: readonly string[];
}

/**
 * Merges the given settings over those recorded in a `manifest.json` or in an image of a run.
 *
 * @throws {UsageError} when there is no such file, it holds no arguments, or a run of another task
 *   wrote it
 * @throws {FormatError} when the file is damaged
 */
export async function mergeArgumentsFrom(
  file: string,
  given: GivenSettings,
): Promise<MergedSettings> {
  const { arguments: recorded, model } = await readRecordedArguments(
    file,
    TASKS[given.task].script,
  );
  return { ...mergeRecorded(recorded, given), recordedModel: model };
}

/**
 * Merges the given settings over recorded arguments, after fitting those to this machine.
 *
 * @throws {UsageError} when the record names no flag, or has a value of another type
 */
export function mergeRecorded(recorded: SettingValues, given: GivenSettings): MergedSettings {
  const except = new Set(Object.keys(defined(given)).map(flagName));
  const { arguments: fitted, notes } = fitToMachine(recorded, { except });
  return { settings: mergeSettings(recordedSettings(given.task, fitted), given), notes };
}

/**
 * Merges settings. Solver settings are kept only if the method stays the recorded one; a given
 * setting removes the recorded ones that it excludes.
 */
function mergeSettings(recorded: GivenSettings, settings: GivenSettings): GivenSettings {
  const given = defined(settings);
  const replaced = TASKS[given.task].exclusive.filter((group) =>
    group.some((name) => name in given)
  ).flat();
  const except = new Set([
    ...("method" in given ? solverSettings() : []),
    ...replaced,
    // A list of levels says how many steps there are, a scheduler how much noise it adds.
    ...(LEVEL_LISTS.some((name) => name in given) ? ["numInferenceSteps"] : []),
    ...("scheduler" in given ? ["eta"] : []),
  ]);
  const kept = Object.entries(recorded).filter(([name]) => !except.has(name));
  return { ...Object.fromEntries(kept), ...given };
}

/** Record of an earlier run. */
interface Recorded {
  arguments: JsonObject;
  /** Hash of the model, if the record does not name the model folder. */
  model: string | undefined;
}

async function readRecordedArguments(file: string, script: string): Promise<Recorded> {
  const record = readRecord(await readUserFile("argsFrom", file), file);
  if (!isJsonObject(record) || !isJsonObject(record.arguments)) {
    throw new UsageError((name) => `${name("argsFrom")} ${file} holds no arguments`, {
      hint: "expected the manifest.json or a step_N.png of a run",
    });
  }
  if (record.script !== undefined && record.script !== script) {
    throw new UsageError((name) =>
      `${name("argsFrom")} ${file} was written by ${shownValue(record.script)}, this is ${script}`
    );
  }
  const { model_sha256: model } = record;
  return { arguments: record.arguments, model: typeof model === "string" ? model : undefined };
}

function readRecord(bytes: Uint8Array, file: string): JsonValue | undefined {
  if (!PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)) return readJson(bytes, { file });
  const json = readPngText(bytes, { file }).get(PNG_KEYWORD);
  return json === undefined ? undefined : readJson(new TextEncoder().encode(json), { file });
}
