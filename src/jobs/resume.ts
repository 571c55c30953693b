/** `--resume DIR`: the arguments of a run that goes on, and what must be as it was. @module */
import { join } from "node:path";
import { MismatchError, UsageError } from "../errors.ts";
import { type Digest, digestFile } from "../storage/hash.ts";
import type { Manifest } from "../runs/manifest.ts";
import { modelChanges } from "../runs/model_changes.ts";
import { type HeldRun, holdRun } from "../runs/unfinished_run.ts";
import type { FlagTable } from "../arguments/flag.ts";
import { parseFlags, show, toArguments } from "../arguments/parse_flags.ts";
import { fitToMachine } from "../arguments/recorded_arguments.ts";
import type { Arguments, RecordedArguments } from "../arguments/read_arguments.ts";

/** Flags that say what the folder says already, or that make another run. */
const CONTRADICTIONS = ["args_from", "output_path", "plan"];

/** Takes the folder of `--resume` for this process. @returns `undefined` where the flag is not given */
export async function holdResumed(
  table: FlagTable,
  argv: readonly string[],
): Promise<HeldRun | undefined> {
  const { values, given } = parseFlags(table, argv);
  const path = values.resume;
  if (typeof path !== "string") return undefined;
  const wrong = CONTRADICTIONS.find((name) => given.has(name));
  if (wrong === undefined) return await holdRun(path);
  throw new UsageError(`--${wrong} is not used with --resume`, { hint: "leave it out" });
}

/**
 * The recorded arguments of a held run, and on top of them those given beside `--resume`.
 *
 * @throws {MismatchError} when another script made the run, or a flag would change the result
 */
export function resumedArguments<T extends FlagTable>(
  table: T,
  argv: readonly string[],
  { script, held: { path, manifest } }: { script: string; held: HeldRun },
): Arguments<ReturnType<typeof parseFlags<T>>["values"]> {
  if (manifest.script !== script) {
    throw new MismatchError(`${path} is a run of ${manifest.script}, this is ${script}`);
  }
  const line = parseFlags(table, argv);
  const recorded = manifest.arguments;
  const overrides: RecordedArguments = {};
  for (const name of line.given) {
    const scope = table[name].scope ?? "result";
    if (scope === "session") continue;
    const value = (line.values as RecordedArguments)[name] ?? null;
    if (scope !== "result") overrides[name] = value;
    else if (value !== (recorded[name] ?? null)) {
      throw new MismatchError(
        `--${name} is ${show(value)}, the run in ${path} has ${show(recorded[name] ?? null)}`,
        { hint: "leave it out, or start a new run with --args_from" },
      );
    }
  }
  const fitted = fitToMachine(recorded, { except: line.given });
  const words = toArguments(table, fitted.arguments, line.given);
  return {
    ...parseFlags(table, [...words, ...argv]),
    drawnSeed: false,
    recordedModel: undefined,
    overrides,
    notes: fitted.notes,
  };
}

/** Digests of the files that flags name and that decide the result, by the flag. */
export async function digestInputs(
  table: FlagTable,
  values: object,
): Promise<Record<string, Digest>> {
  const digests: Record<string, Digest> = {};
  for (const [name, flag] of Object.entries(table)) {
    const file = (values as RecordedArguments)[name];
    const named = flag.type === "string" && flag.value === "FILE" && typeof file === "string";
    if (named && (flag.scope ?? "result") === "result") digests[name] = await digestFile(file);
  }
  return digests;
}

/** What decides a run's result beside the arguments in the folder. */
export type Making = Pick<
  Manifest,
  "versions" | "provider" | "library" | "model" | "inputs" | "arguments"
>;

/**
 * Holds that what is here would make a run as it was, or is being, made.
 *
 * @param recorded the run, and what to call it
 * @throws {MismatchError} naming what differs
 */
export function checkUnchanged(
  { path, manifest }: { path: string; manifest: Making },
  here: Making,
): void {
  const expect = (what: string, found: string, wanted: string, hint?: string) => {
    if (found === wanted) return;
    throw new MismatchError(`${what} is ${found}, the run in ${path} has ${wanted}`, { hint });
  };
  const sha = (digest: Partial<Digest> | undefined) => digest?.sha256?.slice(0, 12) ?? "absent";
  const solver = ({ versions }: Making) => String(versions.solver ?? "not noted");
  const parataa = "take that version, or start a new run with --args_from";
  expect("parataa's version", here.versions.parataa, manifest.versions.parataa, parataa);
  expect("the solver's revision", solver(here), solver(manifest), parataa);
  expect("the provider", here.provider, manifest.provider, "--provider names it");
  const library = "--ort_lib names the run's own library";
  expect("ONNX Runtime's version", here.versions.onnxruntime, manifest.versions.onnxruntime);
  expect(here.library.path, sha(here.library), sha(manifest.library), library);
  for (const { name, ...sha256 } of modelChanges(manifest.model, here.model)) {
    const [found, wanted] = [sha256.here, sha256.recorded].map((text) => text.slice(0, 12));
    const hint = "--model_path and --vae_path name the folders of the run's model";
    expect(modelFilePath(here, name), found, wanted, hint);
  }
  for (const name of namesOf(here.inputs ?? {}, manifest.inputs ?? {})) {
    const [found, wanted] = [here.inputs?.[name], manifest.inputs?.[name]];
    expect(`--${name} ${here.arguments[name]}`, sha(found), sha(wanted), "the file has changed");
  }
}

/** Where a file of the model lies that a manifest lists. */
export function modelFilePath(
  { model, arguments: { vae_path: vae } }: Pick<Making, "model" | "arguments">,
  name: string,
): string {
  return join(name.startsWith("vae_") && typeof vae === "string" ? vae : model.path, name);
}

function namesOf(...records: object[]): Set<string> {
  return new Set(records.flatMap((record) => Object.keys(record)));
}
