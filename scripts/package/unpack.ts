/**
 * The single file's unpacker, run by its stub. `unpack.js FILE OFFSET NEW FOLDER` fills the folder
 * NEW from the archive in FILE and renames it to FOLDER, completely or not at all.
 * @module
 */
import { basename, dirname, join } from "node:path";
import { digestFile } from "../../src/storage/hash.ts";
import { type ArchiveEntry, ArchiveReader } from "./archive.ts";

/** Age at which leftovers of killed unpackers are removed. An unpacker takes seconds. */
const STALE_MS = 3_600_000;

/** Fills `made` and moves it to `folder`, unless another start has completed `folder` first. */
export async function unpack(
  archive: string,
  offset: number,
  { made, folder }: { made: string; folder: string },
): Promise<void> {
  using file = Deno.openSync(archive);
  const reader = new ArchiveReader(file, offset, basename(folder));
  const base = dirname(folder);
  // The kernel releases the lock with its process, so a killed unpacker blocks nobody.
  using lock = Deno.openSync(join(base, ".lock"), { write: true, create: true });
  await lock.lock(true);
  await removeStale(base);
  if (await holds(folder, reader.entries)) return complete(folder);
  await fill(made, reader);
  const unpackedBefore = reader.entries.filter(({ stored }) => stored === 0);
  if (!await holds(made, unpackedBefore)) throw new Error("this file is damaged at deno");
  for (const extra of ["unpack.js", ".deno"]) {
    // Deno creates .deno only if it needs its cache.
    await Deno.remove(join(made, extra), { recursive: true }).catch(() => {});
  }
  complete(made);
  await replace(folder, made);
}

/** Whether every file exists, with its hash. */
async function holds(folder: string, entries: readonly ArchiveEntry[]): Promise<boolean> {
  for (const { path, size, sha256 } of entries) {
    const name = join(folder, path);
    const stat = await Deno.lstat(name).catch(() => undefined);
    if (!stat?.isFile || stat.size !== size) return false;
    if ((await digestFile(name)).sha256 !== sha256) return false;
  }
  return true;
}

async function fill(folder: string, reader: ArchiveReader): Promise<void> {
  for (const entry of reader.entries) {
    if (entry.stored === 0) continue;
    const name = join(folder, entry.path);
    await Deno.mkdir(dirname(name), { recursive: true });
    const bytes = reader.readEntry(entry);
    using file = Deno.openSync(name, { write: true, createNew: true });
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    // After a power failure, a renamed file could have the right length but no content.
    file.syncSync();
  }
}

/** Writes the mark that the stub requires, newer than every verified file. */
function complete(folder: string): void {
  using mark = Deno.openSync(join(folder, ".complete"), {
    write: true,
    create: true,
    truncate: true,
  });
  mark.syncSync();
  mark.utimeSync(new Date(), new Date());
}

async function replace(folder: string, made: string): Promise<void> {
  const old = `${made}-old`;
  const broken = await Deno.rename(folder, old).then(() => true, () => false);
  await Deno.rename(made, folder);
  if (broken) await Deno.remove(old, { recursive: true });
}

async function removeStale(base: string): Promise<void> {
  for await (const { name } of Deno.readDir(base)) {
    if (!name.startsWith(".new-")) continue;
    const { mtime } = await Deno.lstat(join(base, name)).catch(() => ({ mtime: null }));
    if (mtime && Date.now() - mtime.getTime() > STALE_MS) {
      // Another start may have removed it.
      await Deno.remove(join(base, name), { recursive: true }).catch(() => {});
    }
  }
}

if (import.meta.main) {
  const [archive, offset, made, folder] = Deno.args;
  try {
    await unpack(archive, Number(offset), { made, folder });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
