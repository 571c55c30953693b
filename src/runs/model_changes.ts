/** Compares the recorded files of a model with the current ones. @module */
import type { Digest } from "../storage/hash.ts";
import type { Manifest } from "./manifest.ts";

/** A file that differs from the recorded one. */
export interface ModelChange {
  /** File name in the model folder. */
  name: string;
  /** SHA-256, or `absent`. */
  recorded: string;
  /** SHA-256, or `absent`. */
  here: string;
}

type Digests = Readonly<Record<string, Digest | null>>;

/** Files that differ. Files that the record is too old to list are not compared. */
export function modelChanges(recorded: Manifest["model"], here: Manifest["model"]): ModelChange[] {
  const changes = differing(recorded.files, here.files);
  if (recorded.configs && here.configs) changes.push(...differing(recorded.configs, here.configs));
  return changes;
}

function differing(recorded: Digests, here: Digests): ModelChange[] {
  const names = new Set([...Object.keys(recorded), ...Object.keys(here)]);
  const sha = (digests: Digests, name: string) => digests[name]?.sha256 ?? "absent";
  return [...names]
    .map((name) => ({ name, recorded: sha(recorded, name), here: sha(here, name) }))
    .filter((change) => change.recorded !== change.here);
}
