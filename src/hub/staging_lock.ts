/** Lock that allows one download at a time into a folder. @module */
import { join } from "node:path";
import { BusyError } from "../errors.ts";
import { openOwnFile, writeAll } from "../storage/own_file.ts";
import { asStorageError } from "../storage/storage_error.ts";

/** Name of the lock in the folder of incomplete files. */
export const LOCK_NAME = ".lock";

/**
 * Creates the folder of incomplete files and locks it until the lock is disposed or the process
 * ends.
 *
 * @throws {BusyError} if another process downloads into it
 * @throws {StorageError} if the file system refuses
 */
export async function lockStaging(folder: string): Promise<Disposable> {
  await Deno.mkdir(folder, { recursive: true }).catch((error) => {
    throw asStorageError(`cannot make the folder ${folder}`, error);
  });
  const path = join(folder, LOCK_NAME);
  const file = await openOwnFile(path);
  if (!await file.tryLock(true)) {
    file.close();
    const pid = /^\d+$/.exec(await Deno.readTextFile(path).catch(() => ""));
    throw new BusyError(`${pid ? `process ${pid}` : "another process"} downloads into ${folder}`, {
      hint: "wait for it or stop it",
    });
  }
  await sign(file).catch(() => {}); // the lock holds without a process id too, as on a full disk
  return {
    [Symbol.dispose]() {
      remove(path);
      file.close();
      remove(folder);
    },
  };
}

/** Writes the holder's process id to the lock. */
async function sign(file: Deno.FsFile): Promise<void> {
  await file.truncate(0);
  await writeAll(file, new TextEncoder().encode(`${Deno.pid}`));
}

/** Removes a file or an empty folder. Errors are ignored, because leftovers are harmless. */
function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // a folder with files of a download to resume
  }
}
