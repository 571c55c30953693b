/** From a command line to the settled arguments of a sampling run. @module */
import { UsageError } from "../errors.ts";
import type { FlagTable } from "./flag.ts";
import { parseFlags, toArguments } from "./parse_flags.ts";
import { fitToMachine, readRecordedArguments } from "./recorded_arguments.ts";
import { METHODS, SOLVER_FLAGS } from "./script_flags.ts";

/** Arguments as a manifest records them: every flag but sparse ones without a value, `null` where it has no value or is not used by the method. */
export type RecordedArguments = Record<string, string | number | boolean | null>;

/** Values by a table, and the flags that were given on the command line or by `--args_from`. */
export interface Arguments<V> {
  values: V;
  given: ReadonlySet<string>;
  /** Whether the seed was drawn, as −1 asks for. */
  drawnSeed: boolean;
  /** Hash of the model of the image that the arguments came from. */
  recordedModel: string | undefined;
  /** Flags given beside `--resume` that do not change the result. */
  overrides: RecordedArguments;
  /** What of a record this machine could not take as it is, a line each. */
  notes: readonly string[];
}

/** What a script says of its arguments beside the table. */
export interface ArgumentRules {
  /** Name of the script: another one's record is refused. */
  script: string;
  /** Groups of flags of which at most one may be given. */
  exclusive?: readonly (readonly string[])[];
}

/**
 * Reads a sampling script's command line: `--args_from` underneath, flags that the method does not use and flags that exclude each other
 * refused, a seed of −1 drawn.
 *
 * @throws {UsageError} naming the flag
 */
export async function readArguments<T extends FlagTable>(
  table: T,
  args: readonly string[],
  { script, exclusive = [] }: ArgumentRules,
): Promise<Arguments<ReturnType<typeof parseFlags<T>>["values"]>> {
  let { values, given } = parseFlags(table, args);
  for (const group of exclusive) refuseSeveral(group.filter((name) => given.has(name)));
  const source = (values as Record<string, unknown>).args_from;
  let model: string | undefined;
  let notes: readonly string[] = [];
  if (typeof source === "string") {
    const recorded = await readRecordedArguments(source, script);
    // Solver flags belong to the recorded method, and a flag given beside it replaces all that it excludes.
    const otherMethod = given.has("method") ? solverFlagNames() : [];
    const replaced = exclusive.filter((group) => group.some((name) => given.has(name))).flat();
    const except = new Set([...given, ...otherMethod, ...replaced]);
    model = recorded.model;
    const fitted = fitToMachine(recorded.arguments, { except });
    notes = fitted.notes;
    ({ values, given } = parseFlags(table, [
      ...toArguments(table, fitted.arguments, except),
      ...args,
    ]));
  }
  refuseUnusedFlags(values, given);
  const drawnSeed = values.seed === -1;
  if (drawnSeed) Object.assign(values, { seed: crypto.getRandomValues(new Uint32Array(1))[0] });
  return { values, given, drawnSeed, recordedModel: model, overrides: {}, notes };
}

/** The arguments for a manifest (`all`) or an image (those that change the result). */
export function recordArguments(
  table: FlagTable,
  values: object,
  which: "all" | "result",
): RecordedArguments {
  const unused = new Set(unusedSolverFlags(values));
  const recorded: RecordedArguments = {};
  for (const [name, flag] of Object.entries(table)) {
    const scope = flag.scope ?? "result";
    if (scope === "session" || (which === "result" && scope !== "result")) continue;
    const value = (values as RecordedArguments)[name];
    if (flag.sparse && (value ?? null) === null) continue;
    recorded[name] = unused.has(name) ? null : value ?? null;
  }
  return recorded;
}

function refuseSeveral(given: readonly string[]): void {
  if (given.length < 2) return;
  throw new UsageError(`--${given.join(" and --")} are given, wanted at most one of them`);
}

function refuseUnusedFlags(values: object, given: ReadonlySet<string>): void {
  const unused = unusedSolverFlags(values).find((name) => given.has(name));
  if (unused === undefined) return;
  const { method } = values as { method: string };
  const users = METHODS.filter((name) => SOLVER_FLAGS[name].includes(unused));
  throw new UsageError(`--${unused} is not used by --method ${method}`, {
    hint: `leave it out, or take --method ${users.join(" or ")}`,
  });
}

function unusedSolverFlags(values: object): string[] {
  const { method } = values as { method: keyof typeof SOLVER_FLAGS };
  return solverFlagNames().filter((name) => !SOLVER_FLAGS[method].includes(name));
}

function solverFlagNames(): string[] {
  return [...new Set(METHODS.flatMap((method) => SOLVER_FLAGS[method]))];
}
