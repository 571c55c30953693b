/** Compares two runs of the same arguments: files and setup. @module */
import type { Manifest } from "./manifest.ts";
import { modelChanges } from "./model_changes.ts";

/** Files of a recorded run, compared with its repetition. */
export interface FileComparison {
  /** Byte-identical files. */
  equal: string[];
  /** Files that differ or are missing in the repetition. */
  different: string[];
  /** Files that exist only in the repetition. */
  added: string[];
}

/** A difference between the setups of two runs. */
export interface Difference {
  /** Name of the property. */
  what: string;
  /** Value in the recorded run. */
  recorded: string;
  /** Value in the repetition. */
  here: string;
}

/** Compares the outputs of two runs by their hashes. */
export function compareFiles(
  recorded: Manifest["outputs"],
  here: Manifest["outputs"],
): FileComparison {
  const names = Object.keys(recorded);
  const same = (name: string) =>
    here[name]?.sha256 === recorded[name].sha256 && here[name].size === recorded[name].size;
  return {
    equal: names.filter(same),
    different: names.filter((name) => !same(name)),
    added: Object.keys(here).filter((name) => !(name in recorded)),
  };
}

/**
 * Differences that may explain different bytes: versions, library, model, machine, threads,
 * arguments.
 */
export function explainDifferences(recorded: Manifest, here: Manifest): Difference[] {
  const [before, now] = [facts(recorded), facts(here)];
  const names = [...new Set([...before.keys(), ...now.keys()])];
  const model = modelChanges(recorded.model, here.model)
    .map(({ name: what, ...sha256 }) => ({ what, ...sha256 }));
  const others = names
    .map((what) => ({
      what,
      recorded: before.get(what) ?? "not recorded",
      here: now.get(what) ?? "not recorded",
    }))
    .filter((difference) => difference.recorded !== difference.here);
  return [...model, ...others];
}

/** Arguments that name places do not affect the result. */
const PLACES: readonly string[] = ["output_path", "model_path", "vae_path", "ort_lib", "threads"];

function facts(
  { versions, provider, served, library, host, inputs, arguments: args }: Manifest,
): Map<string, string> {
  const found = new Map<string, string>();
  const add = (what: string, value: string | number | undefined) => {
    if (value !== undefined) found.set(what, String(value));
  };
  add("parataa", versions.parataa);
  add("the solver's revision", versions.solver);
  add("Deno", versions.deno);
  add("ONNX Runtime", versions.onnxruntime);
  add("SHA-256 of the library", library.sha256);
  add("provider", provider);
  for (const { host, model, ...is } of served ?? []) {
    add(`${model} on ${host}`, `version ${is.version}, ${is.server}, probe ${is.probe}`);
  }
  add("system", host && `${host.os} ${host.arch}`);
  add("processor", host?.cpu);
  add("threads", Number(args.threads ?? host?.cores) || undefined);
  for (const [name, { sha256 }] of Object.entries(inputs ?? {})) add(`--${name}'s file`, sha256);
  for (const [name, value] of Object.entries(args)) {
    // Runs recorded before a flag existed have no entry where newer runs have null.
    if (!PLACES.includes(name) && value !== null) add(`--${name}`, JSON.stringify(value));
  }
  return found;
}
