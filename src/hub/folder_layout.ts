/** A plain model folder, such as `models/<name>`. @module */
import { join } from "node:path";
import { UsageError } from "../errors.ts";
import type { HubFile } from "./hub_listing.ts";
import type { ModelLayout } from "./model_layout.ts";
import { makeFolders, placeFile } from "./place_file.ts";
import { hasContent } from "./partial_file.ts";
import { LOCK_NAME } from "./staging_lock.ts";

/** Folder of incomplete files; no listed file may be in it. */
export const STAGING = ".fetch";

/** Makes a folder a model, so it is written last. */
const INDEX = "model_index.json";

/** Places files as in the repository. Existing files are never replaced. */
export function folderLayout(folder: string): ModelLayout {
  const staging = join(folder, STAGING);
  const partial = ({ hash }: HubFile) => join(staging, hash.hex);
  return {
    path: folder,
    staging,
    partial,
    async has(file, signal) {
      const path = join(folder, file.path);
      const same = await hasContent(path, file, signal);
      if (same !== false) return same === true;
      throw new UsageError(`${path} exists and differs from the repository's file`, {
        hint: (name) => `choose another folder with ${name("outputPath")}, or remove the file`,
      });
    },
    keeps: () => Promise.resolve(false),
    async publish(files) {
      const ordered = files.toSorted((a, b) => Number(a.path === INDEX) - Number(b.path === INDEX));
      for (const [i, file] of ordered.entries()) {
        const copy = ordered.slice(i + 1).some(({ hash }) => hash.hex === file.hash.hex);
        await makeFolders(folder, file.path);
        await placeFile(partial(file), join(folder, file.path), { copy });
      }
      await clear(staging);
    },
  };
}

/** Removes files of downloads of other commits. The lock is removed by its holder. */
async function clear(staging: string): Promise<void> {
  const names = await Array.fromAsync(Deno.readDir(staging), ({ name }) => name).catch(() => []);
  for (const name of names) {
    if (name !== LOCK_NAME) await Deno.remove(join(staging, name)).catch(() => {});
  }
}
