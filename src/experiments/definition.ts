/** Reads the definition of an experiment. @module */
import { UsageError } from "../errors.ts";
import type { JsonValue } from "../formats/json.ts";
import { describeWanted, type Flag, type FlagTable, takes } from "../arguments/flag.ts";
import { unknownFlag } from "../arguments/parse_flags.ts";
import { type MethodName, METHODS } from "../arguments/methods.ts";
import type { Task } from "../arguments/settings.ts";
import { TASK_NAMES, TASKS } from "../arguments/tasks.ts";
import { childPointer, JsonFile } from "./json_file.ts";
import { shownValue } from "../text.ts";

/** Value of a flag in JSON. */
export type FlagValue = string | number | boolean;

/** Flags by their official names. */
export type FlagSet = Readonly<Record<string, FlagValue>>;

/** Metrics that plots and tables can show. */
// deno-fmt-ignore
export const METRICS = ["rounds", "nfe", "seconds", "residual", "psnr_db", "ssim", "max_abs"] as const;

/** One of {@link METRICS}. */
export type Metric = typeof METRICS[number];

/** A validated experiment. */
export interface Definition {
  task: Task;
  /** Description, for the head of the report. */
  about: string;
  /** Flags of every run. */
  base: FlagSet;
  /** Flags that differ between runs: all combinations of `grid` with the entries of `list`. */
  grid: Readonly<Record<string, readonly FlagValue[]>>;
  list: readonly FlagSet[];
  methods: readonly MethodName[];
  seeds: readonly number[];
  repeats: number;
  /** Metrics to plot over the swept flags. */
  metrics: readonly Metric[];
}

// deno-fmt-ignore
const KEYS = ["script", "about", "arguments", "grid", "list", "methods", "seeds", "repeats", "metrics"];
/** Flags that the experiment sets itself, with the key to use instead. */
const OWN_FLAGS: Readonly<Record<string, string>> = {
  method: '"methods": [ … ] names them',
  seed: '"seeds": [ … ] names them',
  seeds: '"seeds": [ … ] names them',
  output_path: "the command line names the folder",
};
const MAX_SEEDS = 10_000, MAX_REPEATS = 1000;

/**
 * Reads and validates an experiment file.
 *
 * @throws {FormatError} when the file is not JSON or a value has a wrong type, naming line and
 *   column
 * @throws {UsageError} on an unknown flag or a value out of range, naming line and column
 */
export function readDefinition(bytes: Uint8Array, file: string): Definition {
  const json = new JsonFile(bytes, file);
  const root = json.object("", json.root);
  const unknown = Object.keys(root).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw new UsageError(
      `${json.at(childPointer("", unknown))} is not a key of an experiment, wanted ${
        KEYS.join(", ")
      }`,
    );
  }
  const task = json.word("/script", root.script, TASK_NAMES);
  const { flags } = TASKS[task];
  const flag = (pointer: string, name: string, value: JsonValue) =>
    readFlag(json, pointer, { flags, name, value });
  const flagSet = (pointer: string, value: JsonValue): FlagSet =>
    Object.fromEntries(
      Object.entries(json.object(pointer, value)).map(([name, v]) => [
        ...[name, flag(childPointer(pointer, name), name, v!)] as const,
      ]),
    );
  const grid = Object.entries(json.object("/grid", root.grid ?? {})).map(([name, values]) => {
    const pointer = childPointer("/grid", name);
    checkName(json, pointer, { flags, name });
    const list = json.list(pointer, values).map((v, i) => flag(childPointer(pointer, i), name, v));
    return [name, list] as const;
  });
  return {
    task,
    about: json.text("/about", root.about ?? ""),
    base: flagSet("/arguments", root.arguments ?? {}),
    grid: Object.fromEntries(grid),
    list: root.list === undefined
      ? [{}]
      : json.list("/list", root.list).map((entry, i) => flagSet(childPointer("/list", i), entry)),
    methods: words(json, "methods", { value: root.methods, known: METHODS, absent: ["tqn"] }),
    seeds: readSeeds(json, root.seeds),
    repeats: json.integer("/repeats", root.repeats ?? 1, [1, MAX_REPEATS]),
    metrics: words(json, "metrics", {
      value: root.metrics,
      known: METRICS,
      absent: ["rounds", "nfe"],
    }),
  };
}

function words<W extends string>(
  json: JsonFile,
  key: string,
  { value, known, absent }: {
    value: JsonValue | undefined;
    known: readonly W[];
    absent: readonly W[];
  },
): readonly W[] {
  if (value === undefined) return absent;
  const pointer = `/${key}`;
  const found = json.list(pointer, value).map((word, i) =>
    json.word(childPointer(pointer, i), word, known)
  );
  return [...new Set(found)];
}

/** `[0, 1, 2]`, or `{"first": 0, "count": 3}`. */
function readSeeds(json: JsonFile, value: JsonValue = [0]): number[] {
  const seed = (pointer: string, value: JsonValue) =>
    json.integer(pointer, value, [0, Number.MAX_SAFE_INTEGER - MAX_SEEDS]);
  if (Array.isArray(value)) {
    const list = json.list("/seeds", value);
    return [...new Set(list.map((v, i) => seed(childPointer("/seeds", i), v)))];
  }
  const { first, count, ...rest } = json.object("/seeds", value);
  if (first === undefined || count === undefined || Object.keys(rest).length > 0) {
    json.refuse("/seeds", value, 'a list, or {"first": N, "count": N}');
  }
  const from = seed("/seeds/first", first);
  const length = json.integer("/seeds/count", count, [1, MAX_SEEDS]);
  return Array.from({ length }, (_, i) => from + i);
}

interface NamedFlag {
  flags: FlagTable;
  name: string;
}

/** Checks that a flag exists and may be set by an experiment. */
function checkName(json: JsonFile, pointer: string, { flags, name }: NamedFlag): Flag {
  const place = json.at(pointer);
  if (Object.hasOwn(OWN_FLAGS, name)) {
    throw new UsageError(`${place} cannot be set here: ${OWN_FLAGS[name]}`);
  }
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag && flag.scope !== "session") return flag;
  if (flag) throw new UsageError(`${place} belongs to a command line, not to an experiment`);
  const official = Object.keys(flags).find((key) => flags[key].aliases?.includes(name));
  if (official) throw new UsageError(`${place} is another name of ${official}, wanted that`);
  const unknown = unknownFlag(flags, `--${name}`);
  throw new UsageError(`${place}: ${unknown.message}`, unknown);
}

function readFlag(
  json: JsonFile,
  pointer: string,
  { flags, name, value }: NamedFlag & { value: JsonValue },
): FlagValue {
  const flag = checkName(json, pointer, { flags, name });
  const type = flag.type === "boolean"
    ? "boolean"
    : flag.type === "number" || flag.type === "integer"
    ? "number"
    : "string";
  const word = type === "number" && "word" in flag && flag.word === value;
  if (typeof value !== type && !word) {
    json.refuse(pointer, value, type === "boolean" ? "true or false" : describeWanted(flag));
  }
  if (takes(flag, value)) return value as FlagValue;
  throw new UsageError(
    `${json.at(pointer)}: --${name} is ${shownValue(String(value))} but takes ${
      describeWanted(flag)
    }`,
  );
}
