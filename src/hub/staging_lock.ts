/** One download at a time into a folder. @module */
import { join } from "node:path";
import { BusyError } from "../errors.ts";
import { openOwnFile, writeAll } from "../storage/own_file.ts";
import { asStorageError } from "../storage/storage_error.ts";

/** Name of the lock in the folder of files on their way. */
export const LOCK_NAME = ".lock";

/**
 * Makes the folder of files on their way and locks it until it is disposed of or the process ends.
 *
 * @throws {BusyError} when another process downloads into it
 * @throws {StorageError} when the file system refuses
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
  await sign(file).catch(() => {}); // a lock without a number locks too, as on a full disk
  return {
    [Symbol.dispose]() {
      remove(path);
      file.close();
      remove(folder);
    },
  };
}

/** Tells others who holds the lock. */
async function sign(file: Deno.FsFile): Promise<void> {
  await file.truncate(0);
  await writeAll(file, new TextEncoder().encode(`${Deno.pid}`));
}

/** Removes a file, or a folder that is empty. What stays is in nobody's way. */
function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // a folder with files that are still needed
  }
}
