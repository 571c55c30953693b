/** Locks, checks and cleans up the folder of a run to resume. @module */
import { join } from "node:path";
import { FormatError } from "../errors.ts";
import { checkOutputs, readRunManifest } from "./finished_run.ts";
import type { Manifest, SampleRecord } from "./manifest.ts";
import { LOG_NAME } from "./run_directory.ts";
import { RunLock } from "./run_lock.ts";
import { asStorageError } from "../storage/storage_error.ts";
import { TEMPORARY } from "../storage/whole_file.ts";

/** A locked run, which only this process may write. */
export interface LockedRun extends AsyncDisposable {
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
export async function lockRun(path: string): Promise<LockedRun> {
  await readRunManifest(path); // check first: other folders get no lock file
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
 * Prepares the folder of a locked run: checks the outputs of finished samples, removes all other
 * outputs from the manifest (they are written again) and deletes partial files of a killed process.
 * Sets the status to "running".
 *
 * @returns the records of the finished samples, by index
 * @throws {FormatError} naming a finished sample's file that is damaged or missing
 * @throws {StorageError} when the file system refuses
 */
export async function prepareResume(
  { path, manifest }: LockedRun,
): Promise<Map<number, SampleRecord>> {
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

/** Outputs of an unfinished run that are kept: the arguments and those of finished samples. */
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

/** Removes temporary files of a killed process and logs of finished samples. */
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
    throw asStorageError(`cannot clean up ${path}`, error);
  }
}
