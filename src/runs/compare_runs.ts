/** Two runs of the same arguments beside each other: which files differ, and what else does. @module */
import type { Manifest } from "./manifest.ts";
import { modelChanges } from "./model_changes.ts";

/** Files of a recorded run against those of its repetition. */
export interface FileComparison {
  /** The same to the last byte. */
  equal: string[];
  /** Other bytes, or missing in the repetition. */
  different: string[];
  /** Only the repetition has them. */
  added: string[];
}

/** Something that two runs do not share. */
export interface Difference {
  /** Its name. */
  what: string;
  /** In the recorded run. */
  recorded: string;
  /** In its repetition. */
  here: string;
}

/** Compares every output of the recorded run by its hash. */
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

/** What may explain other bytes: versions, library, model, machine, threads, arguments. Equal things are left out. */
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

/** Where a run's files lie is not part of what it was made with. */
const PLACES: readonly string[] = ["output_path", "model_path", "vae_path", "ort_lib", "threads"];

function facts(
  { versions, provider, library, host, inputs, arguments: args }: Manifest,
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
  add("system", host && `${host.os} ${host.arch}`);
  add("processor", host?.cpu);
  add("threads", Number(args.threads ?? host?.cores) || undefined);
  for (const [name, { sha256 }] of Object.entries(inputs ?? {})) add(`--${name}'s file`, sha256);
  for (const [name, value] of Object.entries(args)) {
    // A run from before a flag existed has no entry where a newer run has null.
    if (!PLACES.includes(name) && value !== null) add(`--${name}`, JSON.stringify(value));
  }
  return found;
}
