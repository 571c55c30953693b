/**
 * Validates the files beside an ONNX model that hold its weights, before a runtime opens them.
 * @module
 */

import { basename, dirname, join } from "node:path";
import { ModelError, PermissionError } from "../../errors.ts";
import { resolveFile } from "../real_file.ts";
import { shown } from "../../text.ts";

/** A network whose external data are validated. */
export interface PlacedNetwork {
  /** Path to open: a runtime searches for the data in its folder. */
  path: string;
  /** Resolved path of each external file, by location. */
  data: Map<string, string>;
}

/**
 * Finds the external data of a network and validates each file: it lies inside the network's
 * folder, is not a symbolic link out of it, has one hard link only (a second one could be another
 * user's file), and is long enough.
 *
 * If the network is a symbolic link, its data lie beside the link, as links of their own (as in
 * Hugging Face's cache), or beside the link's target. Links into the target's folder are followed,
 * since the network itself lies there.
 *
 * @param network path of the network
 * @param files least size by location, from {@linkcode externalFiles}
 * @throws {ModelError} if a file is missing, too short, not a regular file, or a link out of both
 * folders
 * @throws {PermissionError} if reading is not allowed, or the target of a link may not be read
 */
export async function placeNetwork(
  network: string,
  files: ReadonlyMap<string, number>,
): Promise<PlacedNetwork> {
  const real = await resolveFile(network);
  const path = await besideLink(network, files) ?? real;
  const folders = [dirname(path), dirname(real)];
  const data = new Map<string, string>();
  for (const [location, wanted] of files) {
    data.set(location, await checkFile(location, { folders, wanted }));
  }
  return { path, data };
}

/** The path of a linked network, its folder resolved, if its data lie beside the link. */
async function besideLink(
  network: string,
  files: ReadonlyMap<string, number>,
): Promise<string | undefined> {
  if (!(await Deno.lstat(network)).isSymlink) return undefined;
  const path = join(await Deno.realPath(dirname(network)), basename(network));
  for (const location of files.keys()) {
    if (await statFile(join(dirname(path), location))) return path;
  }
  return undefined;
}

async function checkFile(
  location: string,
  { folders, wanted }: { folders: readonly string[]; wanted: number },
): Promise<string> {
  const fail = (what: string): never => {
    throw new ModelError(`external data ${shown(location)} of ${folders[0]}: ${what}`, {
      hint: "copy the model's files as they were exported, links resolved",
    });
  };
  const file = await follow(location, folders, fail);
  const { isFile, nlink, size } = await statFile(file) ?? fail("no such file");
  if (!isFile) fail("not a regular file");
  if (nlink !== null && nlink > 1) fail(`${nlink} hard links, wanted one`);
  if (size < wanted) fail(`${size} bytes, wanted at least ${wanted}`);
  return file;
}

/**
 * Checks every part of the path, since opening the file follows links. Only the last part may be a
 * link.
 */
async function follow(
  location: string,
  folders: readonly string[],
  fail: (what: string) => never,
): Promise<string> {
  const parts = location.split(/[/\\]/);
  let path = folders[0];
  for (const [index, part] of parts.entries()) {
    path = join(path, part);
    const { isSymlink } = await statFile(path) ?? fail("no such file");
    if (!isSymlink) continue;
    const target = await resolveFile(path);
    if (index === parts.length - 1 && folders.includes(dirname(target))) return target;
    fail(`${shown(part)} is a symbolic link out of the model's folder`);
  }
  return path;
}

async function statFile(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    if (cause instanceof Deno.errors.NotCapable) {
      throw new PermissionError(`cannot read ${path}`, { hint: cause.message, cause });
    }
    throw cause;
  }
}
