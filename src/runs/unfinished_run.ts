/** A run's folder taken up again: locked, checked and tidied. @module */
import { join } from "node:path";
import { FormatError } from "../errors.ts";
import { checkOutputs, readRunManifest } from "./finished_run.ts";
import type { Manifest, SampleRecord } from "./manifest.ts";
import { LOG_NAME } from "./run_directory.ts";
import { RunLock } from "./run_lock.ts";
import { asStorageError } from "../storage/storage_error.ts";
import { TEMPORARY } from "../storage/whole_file.ts";

/** A run that this process alone may write. */
export interface HeldRun extends AsyncDisposable {
  path: string;
  manifest: Manifest;
  lock: RunLock;
}

/**
 * Locks a run's folder and reads its manifest.
 *
 * @throws {UsageError} when it is not a run folder
 * @throws {FormatError} when the manifest is damaged
 * @throws {BusyError} naming the process that writes it
 */
export async function holdRun(path: string): Promise<HeldRun> {
  await readRunManifest(path); // a folder that is no run's gets no lock
  const lock = await RunLock.acquire(path);
  try {
    const manifest = await readRunManifest(path);
    return { path, manifest, lock, [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose]() };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Makes a held run's folder what its finished samples left: their outputs are checked, all other outputs are forgotten (they will be
 * written again), what a killed process left half-done is removed. The manifest says "running" from then on.
 *
 * @returns the records of the finished samples, by index
 * @throws {FormatError} naming a finished sample's file that is damaged or missing
 * @throws {StorageError} when the file system refuses
 */
export async function tidyRun({ path, manifest }: HeldRun): Promise<Map<number, SampleRecord>> {
  const finished = new Map(manifest.samples.map((record) => [record.index, record]));
  if (finished.size !== manifest.samples.length) {
    throw new FormatError(`${join(path, "manifest.json")} lists a sample twice`);
  }
  const folders = foldersOf(manifest);
  manifest.outputs = finishedOutputs(manifest);
  await checkOutputs(path, manifest.outputs);
  await removeLeftovers(path, folders);
  manifest.status = "running";
  delete manifest.error;
  return finished;
}

/** The outputs of an unfinished run that are there to stay: the arguments' and those of its finished samples. */
export function finishedOutputs(manifest: Manifest): Manifest["outputs"] {
  const folders = foldersOf(manifest);
  return Object.fromEntries(
    Object.entries(manifest.outputs).filter(([name]) =>
      name === "args.txt" || folders.has(name.split("/")[0])
    ),
  );
}

/** Folders of the finished samples. */
function foldersOf({ samples }: Manifest): Set<string> {
  return new Set(samples.map(({ index }) => `sample_${index}`));
}

/** Temporary files of a killed process, and the logs of samples that need none any more. */
async function removeLeftovers(path: string, finished: ReadonlySet<string>): Promise<void> {
  try {
    for await (const { name, isDirectory, isFile } of Deno.readDir(path)) {
      if (isFile && TEMPORARY.test(name)) await Deno.remove(join(path, name));
      if (!isDirectory || !/^sample_[0-9]+$/.test(name)) continue;
      for await (const entry of Deno.readDir(join(path, name))) {
        const log = entry.name === LOG_NAME && finished.has(name);
        if (log || TEMPORARY.test(entry.name)) await Deno.remove(join(path, name, entry.name));
      }
    }
  } catch (error) {
    throw asStorageError(`cannot tidy ${path}`, error);
  }
}
