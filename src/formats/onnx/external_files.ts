/** The files beside an ONNX model that hold its weights: looked at before a runtime opens them. @module */

import { join } from "node:path";
import { ModelError, PermissionError } from "../../errors.ts";
import { resolveFile } from "../real_file.ts";
import { shown } from "../shown.ts";

/**
 * Checks that external data lies in plain files inside the model's folder: no symbolic link on the way, which could lead out of
 * it, no second hard link, which could be a file of someone else's, and long enough for what the model reads.
 *
 * @param folder folder of the model file
 * @param files least size by location, from {@linkcode externalFiles}
 * @throws {ModelError} a file is missing, a link, too short, or no file
 * @throws {PermissionError} when looking is not allowed, or a link leads to what may not be read
 */
export async function checkExternalFiles(
  folder: string,
  files: ReadonlyMap<string, number>,
): Promise<void> {
  for (const [location, wanted] of files) {
    const fail = (what: string): never => {
      throw new ModelError(`external data ${shown(location)} of ${folder}: ${what}`, {
        hint: "copy the model's files as they were exported, links resolved",
      });
    };
    const info = await lastOf(folder, location, fail);
    if (!info.isFile) fail("not a file");
    if (info.nlink !== null && info.nlink > 1) fail(`${info.nlink} hard links, wanted one`);
    if (info.size < wanted) fail(`${info.size} bytes, wanted at least ${wanted}`);
  }
}

/** Looks at every part of the way: a link among them would be followed by whoever opens the file. */
async function lastOf(
  folder: string,
  location: string,
  fail: (what: string) => never,
): Promise<Deno.FileInfo> {
  let path = folder;
  let info: Deno.FileInfo | undefined;
  for (const part of location.split(/[/\\]/)) {
    path = join(path, part);
    info = await look(path) ?? fail("no such file");
    if (info.isSymlink) {
      await resolveFile(path);
      fail(`${shown(part)} is a symbolic link`);
    }
  }
  return info ?? fail("no such file");
}

async function look(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    if (cause instanceof Deno.errors.NotCapable) {
      throw new PermissionError(`cannot look at ${path}`, { hint: cause.message, cause });
    }
    throw cause;
  }
}
