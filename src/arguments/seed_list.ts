/** Parses a list of seeds, one sample each. @module */
import { UsageError } from "../errors.ts";
import { shownValue } from "../text.ts";

/** The maximum of `numSamples`. */
const MAX_SEEDS = 100_000;

/**
 * Seeds of a list; `undefined` if no list is given.
 *
 * @throws {UsageError} when it is not a list of integers >= 0
 */
export function readSeedList(
  list: readonly (number | string)[] | undefined,
): number[] | undefined {
  if (list === undefined) return undefined;
  const words = list.map((word) => String(word).trim());
  const seeds = words.map((word) => /^[0-9]+$/.test(word) ? Number(word) : NaN);
  const wrong = seeds.findIndex((seed) => !Number.isSafeInteger(seed));
  if (wrong >= 0) {
    throw new UsageError((name) =>
      `${name("seeds")} has ${
        shownValue(words[wrong])
      }, wanted whole numbers >= 0 with commas, as in 0,3,7`
    );
  }
  if (seeds.length <= MAX_SEEDS) return seeds;
  throw new UsageError((name) =>
    `${name("seeds")} names ${seeds.length} seeds, wanted at most ${MAX_SEEDS}`
  );
}

/**
 * Settings that a seed list replaces: each seed makes the sample that it makes when given alone.
 */
export const SEED_LIST_REPLACES = ["seed", "numSamples", "noiseStream", "noisePath"] as const;

/** Groups of settings of which at most one may be given. */
export const SEED_LIST_EXCLUDES: readonly (readonly string[])[] = SEED_LIST_REPLACES.map((name) => [
  "seeds",
  name,
]);

/** Recorded values of the settings that a seed list replaces. */
export function replacedSettings(
  seeds: readonly number[] | undefined,
): Partial<Record<typeof SEED_LIST_REPLACES[number], null>> {
  return seeds === undefined
    ? {}
    : Object.fromEntries(SEED_LIST_REPLACES.map((name) => [name, null]));
}
