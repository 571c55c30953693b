/**
 * The cache layout of the hub's own tools: contents by hash, and a folder of links to them for each
 * commit.
 * @module
 */
import { join } from "node:path";
import { asStorageError } from "../storage/storage_error.ts";
import { writeWholeFile } from "../storage/whole_file.ts";
import type { HubFile } from "./hub_listing.ts";
import type { ModelLayout } from "./model_layout.ts";
import { hasContent } from "./partial_file.ts";
import { makeFolders, placeFile } from "./place_file.ts";
import type { RepositoryName } from "./repository_name.ts";

/** Options of the cache layout. */
export interface CachePlace {
  /** The cache folder, which has a folder for each repository. */
  cacheDir: string;
  repository: RepositoryName;
  /** Requested branch, tag or commit. */
  revision: string;
  commit: string;
  /** Called with a note if links cannot be created. */
  note?: (line: string) => void;
}

/**
 * Places files in `models--owner--name/{blobs,refs,snapshots}`. Deno creates symbolic links only
 * for a process that may read and write everywhere. For others the snapshot holds the files
 * themselves, as with the hub's own tools on systems without links.
 */
export function cacheLayout(place: CachePlace): ModelLayout {
  const { cacheDir, repository: { owner, name }, commit } = place;
  const root = join(cacheDir, `models--${owner}--${name}`);
  const blobs = join(root, "blobs");
  const snapshot = join(root, "snapshots", commit);
  const blob = ({ hash }: HubFile) => join(blobs, hash.hex);
  const partial = (file: HubFile) => `${blob(file)}.incomplete`;
  const kept = new Set<string>();
  return {
    path: snapshot,
    staging: blobs,
    partial,
    async has(file, signal) {
      return await hasContent(join(snapshot, file.path), file, signal) === true;
    },
    async keeps(file, signal) {
      const same = await hasContent(blob(file), file, signal) === true;
      if (same) kept.add(file.hash.hex);
      return same;
    },
    async publish(files) {
      const links = files.length === 0 || await canLink(join(blobs, ".link"));
      if (!links) {
        place.note?.("links cannot be created: the snapshot holds the files instead of blobs");
      }
      for (const [i, file] of files.entries()) {
        await makeFolders(root, `snapshots/${commit}/${file.path}`);
        const to = join(snapshot, file.path);
        await Deno.remove(to).catch(() => {}); // a damaged file or a broken link
        const again = files.slice(i + 1).some(({ hash }) => hash.hex === file.hash.hex);
        await (links ? linkFile(file, to) : moveFile(file, to, again));
      }
      await writeReference(root, place);
    },
  };

  async function linkFile(file: HubFile, to: string): Promise<void> {
    if (!kept.has(file.hash.hex)) await placeFile(partial(file), blob(file), { copy: false });
    kept.add(file.hash.hex);
    await link(`${"../".repeat(file.path.split("/").length + 1)}blobs/${file.hash.hex}`, to);
  }

  async function moveFile(file: HubFile, to: string, again: boolean): Promise<void> {
    const isKept = kept.has(file.hash.hex); // for other snapshots
    await placeFile(isKept ? blob(file) : partial(file), to, { copy: isKept || again });
  }
}

/** Records the commit of a branch or tag. */
async function writeReference(root: string, { revision, commit }: CachePlace): Promise<void> {
  if (revision === commit) return;
  await makeFolders(root, `refs/${revision}`);
  await writeWholeFile(
    join(root, "refs", ...revision.split("/")),
    new TextEncoder().encode(commit),
  );
}

async function canLink(probe: string): Promise<boolean> {
  try {
    await Deno.remove(probe).catch(() => {});
    await Deno.symlink(".", probe);
    await Deno.remove(probe);
    return true;
  } catch {
    return false;
  }
}

async function link(target: string, path: string): Promise<void> {
  await Deno.symlink(target, path).catch((error) => {
    throw asStorageError(`cannot make the link ${path}`, error);
  });
}
