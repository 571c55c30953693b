/** One download at a time into a folder. @module */
import { join } from "node:path";
import { BusyError } from "../errors.ts";
import { openOwnFile } from "../storage/own_file.ts";
import { asStorageError } from "../storage/storage_error.ts";

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
  const path = join(folder, ".lock");
  const file = await openOwnFile(path);
  if (!await file.tryLock(true)) {
    file.close();
    throw new BusyError(`another process downloads into ${folder}`, {
      hint: "wait for it or stop it",
    });
  }
  return {
    [Symbol.dispose]() {
      try {
        Deno.removeSync(path);
      } catch {
        // removed with its folder; a file that nobody locks is in nobody's way
      }
      file.close();
    },
  };
}
