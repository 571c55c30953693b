/**
 * Runs every pair of flags at the limits of their ranges: row C2 of the reliability table. @module
 */
import type { Flag, FlagTable } from "../../src/arguments/flag.ts";
import { describeError } from "../../src/cli/main.ts";
import { gatherOutput } from "./gathered_output.ts";

/** Values of text flags. A flag that is not named here gets a meaningless text. */
export type Texts = Readonly<Record<string, readonly string[]>>;

/** Flags that print something and exit, whatever else is given. */
const LEAVE = new Set(["help", "version"]);

function edges(name: string, flag: Flag, texts: Texts): string[] {
  switch (flag.type) {
    case "boolean":
      return [`--${name}`];
    case "choice":
      return flag.choices.map((choice) => `--${name}=${choice}`);
    case "string":
      return (texts[name] ?? ["nothing"]).map((text) => `--${name}=${text}`);
    default: {
      const ends = [flag.min, flag.max, flag.also, flag.word];
      return (texts[name] ?? ends.filter((end) => end !== undefined)).map((end) =>
        `--${name}=${end}`
      );
    }
  }
}

/**
 * Yields all pairs of limit values of two different flags, except pairs in another script's table.
 */
export function* flagPairs(
  table: FlagTable,
  texts: Texts,
  tried: FlagTable = {},
): Generator<[string, string]> {
  const flags = Object.entries(table).filter(([name]) => !LEAVE.has(name));
  const values = flags.map(([name, flag]) => edges(name, flag, texts));
  for (let i = 0; i < values.length; i++) {
    for (let j = i + 1; j < values.length; j++) {
      if (flags[i][0] in tried && flags[j][0] in tried) continue;
      for (const a of values[i]) for (const b of values[j]) yield [a, b];
    }
  }
}

/** Runs every pair. Counts the exit codes, and collects those not in `allowed`. */
export async function runPairs(
  pairs: Iterable<readonly [string, string]>,
  run: (args: readonly string[]) => Promise<unknown>,
  allowed: ReadonlySet<number>,
): Promise<{ counts: Record<number, number>; surprises: string[] }> {
  const counts: Record<number, number> = {};
  const surprises: string[] = [];
  for (const pair of pairs) {
    const { result: { exitCode, line } } = await gatherOutput(() =>
      run(pair).then(() => ({ exitCode: 0, line: "" }), describeError)
    );
    counts[exitCode] = (counts[exitCode] ?? 0) + 1;
    if (!allowed.has(exitCode)) surprises.push(`${pair.join(" ")}: ${exitCode} ${line}`);
  }
  return { counts, surprises };
}
