/** `--seeds 0,3,7`. @module */
import { UsageError } from "../errors.ts";
import { show } from "./parse_flags.ts";

/** As many as `--num_samples` takes. */
const MOST_SEEDS = 100_000;

/**
 * The seeds of a list; `undefined` where there is none.
 *
 * @throws {UsageError} when it is no list of whole numbers from 0 on
 */
export function readSeedList(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  const words = text.split(",").map((word) => word.trim());
  const seeds = words.map((word) => /^[0-9]+$/.test(word) ? Number(word) : NaN);
  const wrong = seeds.findIndex((seed) => !Number.isSafeInteger(seed));
  if (wrong >= 0) {
    throw new UsageError(
      `--seeds has ${show(words[wrong])}, wanted whole numbers >= 0 with commas, as in 0,3,7`,
    );
  }
  if (seeds.length <= MOST_SEEDS) return seeds;
  throw new UsageError(`--seeds names ${seeds.length} seeds, wanted at most ${MOST_SEEDS}`);
}

/** Flags that a list of seeds leaves without a meaning: each seed makes the one sample that it makes alone. */
export const SEED_LIST_REPLACES = ["seed", "num_samples", "noise_stream", "noise_path"] as const;

/** Groups of flags of which at most one may be given. */
export const SEED_LIST_EXCLUDES: readonly (readonly string[])[] = SEED_LIST_REPLACES.map((name) => [
  "seeds",
  name,
]);

/** What a run of a list of seeds records of the flags that it leaves without a meaning. */
export function settledSeeds(
  text: string | undefined,
): Partial<Record<typeof SEED_LIST_REPLACES[number], null>> {
  return text === undefined
    ? {}
    : Object.fromEntries(SEED_LIST_REPLACES.map((name) => [name, null]));
}
