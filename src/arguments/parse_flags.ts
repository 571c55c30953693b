/** Parses command-line arguments by a flag table. @module */
import { parseArgs } from "node:util";
import { UsageError } from "../errors.ts";
import { describeWanted, type Flag, type FlagTable, type FlagValues, takes } from "./flag.ts";
import { peerHint } from "./peer_flags.ts";
import { nearestWord } from "../formats/nearest_word.ts";
import { shownValue } from "../text.ts";

/** Parsed command line. */
export interface ParsedFlags<T extends FlagTable> {
  /** Value of every flag; the default if it was not given. */
  values: FlagValues<T>;
  /** Official names of the flags that were given. */
  given: ReadonlySet<string>;
  /** Words that belong to no flag. */
  operands: readonly string[];
}

const INTEGER = /^[+-]?[0-9]+$/;
const NUMBER = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/;

/**
 * Parses `args` by `table`. `-` is accepted for `_` in long names, and `--name=value` for `--name
 * value`.
 *
 * @param options.mostOperands maximum number of operands, at any position
 * @throws {UsageError} on an unknown flag (the nearest name is suggested), a value outside its
 *   range, a repeated flag or too many operands
 */
export function parseFlags<T extends FlagTable>(
  table: T,
  args: readonly string[],
  { mostOperands = 0 }: { mostOperands?: number } = {},
): ParsedFlags<T> {
  const names = spellings(table);
  const { tokens } = parseArgs({
    args: [...args],
    options: parserOptions(table, names),
    strict: false,
    tokens: true,
  });
  const given = new Map<string, string | undefined>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      if (operands.push(token.value) <= mostOperands) continue;
      throw new UsageError(`unexpected argument ${shownValue(token.value)}`, {
        hint: "every value belongs to a --flag",
      });
    }
    const name = names.get(token.name);
    if (name === undefined) throw unknownFlag(table, token.rawName);
    if (given.has(name)) throw new UsageError(`--${name} is given twice`, { hint: "give it once" });
    // parseArgs accepts any next word as the value. A forgotten value must not consume the next
    // flag.
    const tookNextFlag = !token.inlineValue && token.value?.startsWith("--");
    given.set(name, tookNextFlag ? undefined : token.value);
    if (tookNextFlag && table[name].type !== "boolean") throw needsValue(name, table[name]);
  }
  return { values: readValues(table, given), given: new Set(given.keys()), operands };
}

function readValues<T extends FlagTable>(
  table: T,
  given: ReadonlyMap<string, string | undefined>,
): FlagValues<T> {
  const values: Record<string, string | number | boolean | undefined> = {};
  for (const [name, flag] of Object.entries(table)) {
    if (given.has(name)) values[name] = readValue(name, flag, given.get(name));
    else values[name] = flag.type === "boolean" ? false : flag.default;
  }
  return values as FlagValues<T>;
}

function readValue(name: string, flag: Flag, text: string | undefined): string | number | boolean {
  if (flag.type !== "boolean" && text === undefined) throw needsValue(name, flag);
  const value = flag.type === "boolean" ? text ?? true : fromText(flag, text!);
  if (takes(flag, value)) return value;
  throw new UsageError(`--${name} is ${shownValue(text)} but takes ${describeWanted(flag)}`);
}

/** Converts text to the value type of the flag; other text stays a string and is refused later. */
function fromText(flag: Flag, text: string): string | number {
  const spelling = flag.type === "integer" ? INTEGER : flag.type === "number" ? NUMBER : undefined;
  return spelling?.test(text) ? Number(text) : text;
}

function needsValue(name: string, flag: Flag): UsageError {
  return new UsageError(`--${name} has no value but takes ${describeWanted(flag)}`);
}

/** Whether a word of a command line is a flag that consumes the next word. */
export function takesValue(table: FlagTable, word: string | undefined): boolean {
  if (!word?.startsWith("-")) return false;
  const name = spellings(table).get(word.replace(/^--?/, ""));
  return name !== undefined && table[name].type !== "boolean";
}

/** Maps every spelling of every flag, without dashes, to the official name. */
export function spellings(table: FlagTable): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, flag] of Object.entries(table)) {
    for (const long of [name, ...(flag.aliases ?? [])]) {
      names.set(long, name);
      names.set(long.replaceAll("_", "-"), name);
    }
    if (flag.short) names.set(flag.short, name);
  }
  return names;
}

function parserOptions(
  table: FlagTable,
  names: ReadonlyMap<string, string>,
): Record<string, { type: "string" | "boolean"; short?: string }> {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {};
  for (const [spelling, name] of names) {
    const type = table[name].type === "boolean" ? "boolean" : "string";
    // parseArgs needs one-letter names declared as long names too; the table resolves them.
    options[spelling] = spelling.length === 1 ? { type, short: spelling } : { type };
  }
  return options;
}

/** Error for an unknown flag, with the nearest known one. */
export function unknownFlag(table: FlagTable, raw: string): UsageError {
  const bare = (name: string) => name.replace(/^-+/, "").replaceAll("-", "_");
  const peer = peerHint(bare(raw), new Set(Object.keys(table)));
  if (peer !== undefined) {
    return new UsageError(`unknown flag ${shownValue(raw).slice(1, -1)}`, { hint: peer });
  }
  const official = new Map(
    [...spellings(table)].map(([spelling, name]) => [bare(spelling), name]),
  );
  const nearest = nearestWord(bare(raw), official.keys());
  const hint = nearest && raw.startsWith("--")
    ? `did you mean --${official.get(nearest)}?`
    : "--help lists all flags";
  return new UsageError(`unknown flag ${shownValue(raw).slice(1, -1)}`, { hint });
}
