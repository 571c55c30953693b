/** Parses the command line of a sampling script. @module */
import { mergeArgumentsFrom, type MergedSettings } from "../arguments/args_from.ts";
import type { FlagTable } from "../arguments/flag.ts";
import { type FlagSettings, refuseIgnored } from "../arguments/ignored_flags.ts";
import { parseFlags } from "../arguments/parse_flags.ts";
import { givenSettings, recordArguments } from "../arguments/record.ts";
import {
  type GivenSettings,
  resolveSettings,
  type SettingValues,
} from "../arguments/resolve_settings.ts";
import type { Task } from "../arguments/settings.ts";
import { UsageError } from "../errors.ts";

/** Parsed command line. */
export interface Line {
  task: Task;
  given: GivenSettings;
  /** Names of the flags that were given. */
  names: ReadonlySet<string>;
  resume?: string;
  argsFrom?: string;
  plan: boolean;
  listDevices: boolean;
  listClasses: boolean;
  quiet: boolean;
  json: boolean;
  verbose: boolean;
}

/**
 * Parses a command line by a table of flags.
 *
 * @throws {UsageError} naming the flag
 */
export function readLine(task: Task, flags: FlagTable, argv: readonly string[]): Line {
  const { values, given } = parseFlags(flags, argv);
  const { resume, args_from, plan, quiet, json, verbose, ...lists }: SettingValues = values;
  const text = (value: unknown) => typeof value === "string" ? value : undefined;
  const line = {
    task,
    given: givenSettings(task, values, given),
    names: given,
    ...{ resume: text(resume), argsFrom: text(args_from) },
    ...{ plan: plan === true, listDevices: lists.list_devices === true },
    listClasses: lists.list_classes === true,
    ...{ quiet: quiet === true, json: json === true, verbose: verbose === true },
  };
  const wrong = line.argsFrom !== undefined ? "args_from" : line.plan ? "plan" : undefined;
  if (line.resume !== undefined && wrong) {
    throw new UsageError(`--${wrong} is not used with --resume`, { hint: "leave it out" });
  }
  return line;
}

/**
 * Merges the settings of a command line over those of `--args_from`.
 *
 * @throws {UsageError} naming a flag that has no effect
 */
export async function mergeLine(
  { given, names, argsFrom, json, verbose, listDevices }: Line,
): Promise<MergedSettings> {
  const merged = argsFrom === undefined
    ? { settings: given, notes: [] }
    : await mergeArgumentsFrom(argsFrom, given);
  const effective = { ...flagValues(merged.settings), json, verbose, list_devices: listDevices };
  refuseIgnored(effective, names);
  return merged;
}

/** Flag values by flag name, for the rules on flags that exclude each other. */
function flagValues(given: GivenSettings): FlagSettings {
  const recorded = recordArguments(resolveSettings(given).settings, "all");
  return Object.fromEntries(
    Object.entries(recorded).map(([name, value]) => [name, value ?? undefined]),
  );
}
