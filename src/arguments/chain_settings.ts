/** Validates the settings that choose the chain: scheduler, levels, eta. @module */
import { UsageError } from "../errors.ts";
import {
  nearestScheduler,
  SCHEDULER_NAMES,
  type SchedulerName,
  schedulerNamed,
} from "../models/schedulers/scheduler_names.ts";
import type { ResolvedShared } from "./settings.ts";
import { shownValue } from "../text.ts";

/** Settings that list the levels of a chain; at most one may be given. */
export const LEVEL_LISTS = ["sigmas", "timestepsList"] as const;

/** Settings that choose the chain. */
type ChainSettings = Pick<
  ResolvedShared,
  "scheduler" | "numInferenceSteps" | "eta" | typeof LEVEL_LISTS[number]
>;

/**
 * Validates the settings of the chain and fills in those that follow from others: T from a list of
 * levels, eta from `ddpm`.
 *
 * @throws {UsageError} naming the setting
 */
export function resolveChain(settings: ChainSettings, given: ReadonlySet<string>): void {
  for (const name of LEVEL_LISTS) resolveList(settings, name, given);
  if (readScheduler(settings) !== "ddpm") return;
  if (!given.has("eta")) settings.eta = 1;
  if (settings.eta === 1) return;
  throw new UsageError(
    (name) => `${name("eta")} is ${settings.eta}, but ${name("scheduler")} ddpm takes 1`,
    { hint: (name) => `${name("scheduler")} ddim takes any eta` },
  );
}

/**
 * Short name of the scheduler; `undefined` for the model's own.
 *
 * @throws {UsageError} when there is no such scheduler
 */
export function readScheduler(
  { scheduler }: Pick<ChainSettings, "scheduler">,
): SchedulerName | undefined {
  if (scheduler === undefined) return undefined;
  const name = schedulerNamed(scheduler);
  if (name !== undefined) return name;
  const nearest = nearestScheduler(scheduler);
  throw new UsageError(
    (spell) =>
      `${spell("scheduler")} is ${shownValue(scheduler)} but takes one of ${
        SCHEDULER_NAMES.join(", ")
      }, ` +
      "or diffusers' class name of one",
    { hint: nearest && `did you mean ${nearest}?` },
  );
}

function resolveList(
  settings: ChainSettings,
  setting: typeof LEVEL_LISTS[number],
  given: ReadonlySet<string>,
): void {
  const list = settings[setting];
  if (list === undefined) return;
  const levels = readLevels(setting, list);
  settings[setting] = levels;
  if (!given.has("numInferenceSteps")) settings.numInferenceSteps = levels.length;
  const steps = settings.numInferenceSteps;
  if (steps === levels.length) return;
  throw new UsageError((name) =>
    `${name("numInferenceSteps")} is ${steps}, but ${name(setting)} has ${levels.length} levels`
  );
}

/** Descending numbers; the kind of scheduler decides their range. */
function readLevels(
  setting: typeof LEVEL_LISTS[number],
  list: readonly (number | string)[],
): number[] {
  const whole = setting === "timestepsList";
  const words = list.map((word) => String(word).trim());
  const levels = words.map((word) => word === "" ? NaN : Number(word));
  const wrong = levels.findIndex((level, i) =>
    !Number.isFinite(level) || (whole ? !Number.isInteger(level) || level < 0 : level <= 0) ||
    (i > 0 && level >= levels[i - 1])
  );
  if (wrong < 0) return levels;
  const after = wrong > 0 && Number.isFinite(levels[wrong]) ? ` after ${words[wrong - 1]}` : "";
  const wanted = whole ? "descending whole numbers >= 0" : "descending numbers above 0";
  throw new UsageError((name) =>
    `${name(setting)} has ${shownValue(words[wrong])}${after}, wanted ${wanted} with commas`
  );
}
