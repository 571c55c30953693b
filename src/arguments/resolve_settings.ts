/** Validates the settings of a run and fills in the defaults. @module */
import { UsageError } from "../errors.ts";
import { nearestWord } from "../formats/nearest_word.ts";
import { resolveChain } from "./chain_settings.ts";
import { checkDevices } from "./device_settings.ts";
import { describeWanted, type Flag, type FlagTable, takes } from "./flag.ts";
import { METHODS, SOLVER_FLAGS } from "./methods.ts";
import { flagName, isSetting, recordable, settingName } from "./setting_names.ts";
import { readSeedList } from "./seed_list.ts";
import type { Overrides, ResolvedSettings, RunSettings } from "./settings.ts";
import { TASKS } from "./tasks.ts";
import { checkWarmStart } from "./warm_start_source.ts";
import { shownValue } from "../text.ts";

/** Given settings; `undefined` counts as not given. */
export type GivenSettings = RunSettings & Pick<Overrides, "modelPath">;

/** Settings by name, with values of unknown type. */
export type SettingValues = Readonly<Record<string, unknown>>;

/** Validated settings, and which of them were given. */
export interface ValidatedSettings {
  settings: ResolvedSettings;
  /** Names of the settings that were given. */
  given: ReadonlySet<string>;
  /** Whether the seed was drawn because −1 was given. */
  drawnSeed: boolean;
}

/**
 * Validates everything that needs no open model: names, types, ranges, settings that exclude each
 * other or that the method does not use. Draws a seed for −1.
 *
 * @throws {UsageError} naming the setting
 */
export function resolveSettings(run: GivenSettings): ValidatedSettings {
  const { task, ...rest } = run;
  if (!Object.hasOwn(TASKS, task)) {
    throw new UsageError(
      (name) => `${name("task")} is ${shownValue(task)} but takes one of ${Object.keys(TASKS)}`,
    );
  }
  const { flags, exclusive } = TASKS[task];
  const values: SettingValues = defined(rest);
  const given = new Set(Object.keys(values).filter((name) => values[name] !== false));
  for (const [name, value] of Object.entries(values)) checkValue(flags, name, value);
  for (const group of exclusive) refuseSeveral(group.filter((name) => given.has(name)));
  const settings = { task, ...defaults(flags), ...values } as ResolvedSettings;
  if (settings.solver !== undefined && !given.has("method")) settings.method = "own";
  checkOwnSolver(settings);
  resolveChain(settings, given);
  refuseUnused(settings, given);
  const drawnSeed = settings.seed === -1;
  if (drawnSeed) settings.seed = crypto.getRandomValues(new Uint32Array(1))[0];
  refuseThreads(settings);
  checkDevices(settings);
  readSeedList(settings.seeds);
  if ("forceWarm" in settings) checkWarmStart(settings, given);
  return { settings, given, drawnSeed };
}

/** Copy of the settings without `undefined` values. */
export function defined<S extends object>(settings: S): S {
  return Object.fromEntries(Object.entries(settings).filter(([, v]) => v !== undefined)) as S;
}

function checkValue(flags: FlagTable, setting: string, value: unknown): void {
  const flag = flagOf(flags, setting);
  if (takes(flag, recordable(setting, value))) return;
  const met = shownValue(typeof value === "number" ? String(value) : value);
  const wanted = setting === "maxRounds" ? { ...flag, min: 0 } as Flag : flag;
  throw new UsageError(
    (name) => `${name(setting)} is ${met} but takes ${describeWanted(wanted)}`,
  );
}

function flagOf(flags: FlagTable, setting: string): Flag {
  const name = flagName(setting);
  if (settingName(name) === setting && Object.hasOwn(flags, name) && isSetting(name, flags[name])) {
    return flags[name];
  }
  const known = Object.keys(flags).filter((name) => isSetting(name, flags[name])).map(settingName);
  const nearest = nearestWord(setting, known);
  throw new UsageError(`${shownValue(setting)} is not a setting of this task`, {
    hint: nearest && ((name) => `did you mean ${name(nearest)}?`),
  });
}

function defaults(flags: FlagTable): SettingValues {
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    if (!isSetting(name, flag)) continue;
    if (flag.type === "boolean") values[settingName(name)] = false;
    else if (!("soft" in flag)) values[settingName(name)] = flag.default;
  }
  return values;
}

function refuseSeveral(given: readonly string[]): void {
  if (given.length < 2) return;
  throw new UsageError((name) =>
    `${given.map(name).join(" and ")} are given, wanted at most one of them`
  );
}

function refuseUnused({ method }: ResolvedSettings, given: ReadonlySet<string>): void {
  const unused = unusedSettings(method).find((setting) => given.has(setting));
  if (unused === undefined) return;
  const users = METHODS.filter((method) => SOLVER_FLAGS[method].includes(flagName(unused)));
  throw new UsageError((name) => `${name(unused)} is not used by ${name("method")} ${method}`, {
    hint: (name) => `leave it out, or use ${name("method")} ${users.join(" or ")}`,
  });
}

/** `own` needs a solver file, and a fixed window: `auto` needs known round counts. */
function checkOwnSolver({ method, solver, windowSize }: ResolvedSettings): void {
  if (method !== "own") return;
  if (solver === undefined) {
    throw new UsageError((name) =>
      `${name("method")} is own without ${name("solver")}, wanted the file of a solver`
    );
  }
  if (windowSize !== "auto") return;
  throw new UsageError((name) =>
    `${name("windowSize")} is auto but takes a whole number with ${
      name("solver")
    }: its rounds are unknown`
  );
}

/** Solver settings that a method does not use. */
export function unusedSettings(method: ResolvedSettings["method"]): string[] {
  return solverSettings().filter((name) => !SOLVER_FLAGS[method].includes(flagName(name)));
}

/** Settings that only some methods use. */
export function solverSettings(): string[] {
  return [...new Set(METHODS.flatMap((method) => SOLVER_FLAGS[method]))].map(settingName);
}

/**
 * Threads of one call wait in spin loops: more threads than cores make a run slower and hard to
 * stop.
 */
function refuseThreads({ threads }: ResolvedSettings): void {
  const cores = navigator.hardwareConcurrency;
  if (threads === undefined || threads <= cores) return;
  throw new UsageError((name) =>
    `${name("threads")} is ${threads} but takes a whole number, 1-${cores} on this machine`
  );
}
