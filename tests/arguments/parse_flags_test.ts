import assert from "node:assert/strict";
import { UsageError } from "../../src/errors.ts";
import {
  describeWanted,
  type Flag,
  type FlagTable,
  type NumberFlag,
} from "../../src/arguments/flag.ts";
import { parseFlags, takesValue } from "../../src/arguments/parse_flags.ts";
import { ditFlags } from "../../src/arguments/flags/dit_flags.ts";
import { COMMANDS } from "../../src/cli/commands/commands.ts";
import { loadCommand } from "../../src/cli/commands/load_command.ts";

const table = ditFlags();

/** Every flag of every command, once under each. */
const TABLES: FlagTable[] = await Promise.all(
  Object.keys(COMMANDS).map(async (name) => (await loadCommand(name)).flags),
);
const flags: [FlagTable, string, Flag][] = TABLES.flatMap((table) =>
  Object.entries(table).map(([name, flag]): [FlagTable, string, Flag] => [table, name, flag])
);

/** The message of the UsageError that these words cause. */
function refusal(args: string[], of: FlagTable = table): string {
  try {
    parseFlags(of, args);
  } catch (error) {
    assert.ok(error instanceof UsageError, `${args}: ${error}`);
    assert.equal(error.exitCode, 2);
    return `${error.message} - ${error.hint}`;
  }
  assert.fail(`accepted ${JSON.stringify(args)}`);
}

/** Row C1 of the reliability table: what no flag of a kind may accept. */
function badValues(flag: Flag): string[] {
  switch (flag.type) {
    case "boolean":
      return ["1", "false", ""];
    case "string":
      return flag.empty ? ["a\0b"] : ["", "a\0b"];
    case "choice":
      return ["", "nosuch", otherCase(flag.choices[0]), `${flag.choices[0]} `];
    default:
      return [
        "",
        " ",
        "abc",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e309",
        "٣",
        "0x10",
        "1_000",
        "1,5",
        "1\0",
        ...outside(flag),
      ];
  }
}

/** Values just past both ends, and kinds of number that the flag does not take. */
function outside(flag: NumberFlag): string[] {
  const whole = flag.type === "integer";
  const values = [String(flag.min - 1)].filter((text) => Number(text) !== flag.also);
  if (flag.max < Number.MAX_VALUE) {
    values.push(whole ? String(BigInt(flag.max) + 1n) : String(flag.max + 1));
  }
  if (flag.multipleOf !== undefined) values.push(String(flag.min + 1));
  if (whole) values.push("1.5", "1e1", "9007199254740993");
  return values;
}

Deno.test("parseFlags() refuses every bad value, naming the flag, the value and the values wanted", () => {
  let cases = 0;
  for (const [table, name, flag] of flags) {
    for (const value of badValues(flag)) {
      const message = refusal([`--${name}=${value}`], table);
      assert.ok(message.includes(`--${name}`), message);
      assert.ok(message.includes(JSON.stringify(value)), message);
      assert.ok(message.includes(describeWanted(flag)), message);
      cases++;
    }
  }
  assert.ok(cases > 600, `${cases} cases`);
});

Deno.test("parseFlags() refuses a flag without its value and a flag given twice", () => {
  for (const [table, name, flag] of flags) {
    if (flag.type === "boolean") {
      assert.ok(refusal([`--${name}`, `--${name}`], table).includes("twice"));
      continue;
    }
    assert.ok(refusal([`--${name}`], table).includes("no value"), name);
    assert.ok(refusal([`--${name}`, "--quiet"], table).includes("no value"), name);
    assert.ok(
      refusal([`--${name}=${sample(flag)}`, `--${name}=${sample(flag)}`], table).includes("twice"),
      name,
    );
  }
});

function otherCase(text: string): string {
  return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
}

/** A value that the flag accepts. */
function sample(flag: Flag): string {
  if (flag.type === "choice") return flag.choices[0];
  return flag.type === "string" ? "x" : String(flag.type === "boolean" ? "" : flag.min);
}

Deno.test("parseFlags() accepts both ends of every range", () => {
  for (const [table, name, flag] of flags) {
    if (flag.type !== "integer" && flag.type !== "number") continue;
    for (const value of [flag.min, flag.max, ...(flag.also === undefined ? [] : [flag.also])]) {
      const { values, given } = parseFlags(table, [`--${name}`, String(value)]);
      assert.equal((values as Record<string, unknown>)[name], value);
      assert.deepEqual([...given], [name]);
    }
  }
});

Deno.test("parseFlags() accepts _ and -, aliases, one-letter names and both forms of values", () => {
  const read = (...args: string[]) => parseFlags(table, args).values;
  assert.equal(read("--cfg-scale", "2").cfg_scale, 2);
  assert.equal(read("--cfg_scale=2").cfg_scale, 2);
  assert.equal(read("--guidance-scale", "2.5").cfg_scale, 2.5);
  assert.equal(read("--num_inference_steps", "20").timesteps, 20);
  assert.equal(read("--steps=20").timesteps, 20);
  assert.equal(read("-s", "7", "-b", "3").seed, 7);
  assert.equal(read("--seed", "-1").seed, -1);
  assert.equal(read("-s", "-1").seed, -1);
  assert.equal(read("--tol1", "1e-5").tol1, 1e-5);
  assert.equal(read().quiet, false);
  assert.equal(read("--quiet").quiet, true);
});

Deno.test("parseFlags() accepts a flag's keyword instead of a number, and no other word", () => {
  assert.equal(parseFlags(table, ["--window_size", "auto"]).values.window_size, "auto");
  assert.equal(parseFlags(table, ["--window_size=7"]).values.window_size, 7);
  assert.match(refusal(["--window_size=Auto"]), /takes a whole number, auto, or >= 1/);
  assert.match(refusal(["--timesteps=auto"]), /takes a whole number, 1-1000/);
  assert.match(refusal(["--timesteps=undefined"]), /takes a whole number, 1-1000/);
});

Deno.test("parseFlags() suggests the nearest flag and refuses stray words", () => {
  assert.match(
    refusal(["--tmesteps", "5"]),
    /unknown flag --tmesteps - did you mean --timesteps\?/,
  );
  assert.match(refusal(["--guidance_scal", "5"]), /did you mean --cfg_scale\?/);
  assert.match(refusal(["--xyzzy_plugh"]), /--help lists all flags/);
  assert.match(refusal(["-q"]), /unknown flag -q/);
  assert.match(refusal(["duck"]), /unexpected argument "duck"/);
  assert.match(refusal(["--", "duck"]), /unexpected argument "duck"/);
});

Deno.test("ditFlags() has the official defaults", () => {
  const { values } = parseFlags(table, []);
  const official = {
    timesteps: 100,
    cfg_scale: 4,
    eta: 0,
    seed: 0,
    num_samples: 10,
    window_size: 100,
    order: 100,
    memory_size: 2,
    max_steps: undefined,
  };
  for (const [name, value] of Object.entries(official)) {
    assert.equal((values as Record<string, unknown>)[name], value, name);
  }
});

Deno.test("parseFlags() returns the words between flags, as many as a command accepts", () => {
  const table = ditFlags();
  const args = ["a", "--seed", "3", "b", "--quiet", "c", "--", "--d"];
  assert.deepEqual(parseFlags(table, args, { mostOperands: 4 }).operands, ["a", "b", "c", "--d"]);
  assert.throws(
    () => parseFlags(table, args, { mostOperands: 2 }),
    /^UsageError: unexpected argument "c"/,
  );
});

Deno.test("takesValue() distinguishes flags with a value from flags without and from words", () => {
  const table = ditFlags();
  for (const word of ["--seed", "-s", "--cfg-scale", "--steps"]) assert.ok(takesValue(table, word));
  for (const word of ["--quiet", "-v", "seed", "--seed=3", "--nosuch", undefined]) {
    assert.ok(!takesValue(table, word), word);
  }
});
