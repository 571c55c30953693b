/**
 * The files beside an ONNX model that hold its weights: checked before a runtime opens them.
 * @module
 */

import { basename, dirname, join } from "node:path";
import { ModelError, PermissionError } from "../../errors.ts";
import { resolveFile } from "../real_file.ts";
import { shown } from "../../text.ts";

/** A network whose external data are in place. */
export interface PlacedNetwork {
  /** Path to open: a runtime looks for the data in its folder. */
  path: string;
  /** Files of the external data by location, links resolved. */
  data: Map<string, string>;
}

/**
 * Finds the external data of a network and checks each file: inside the network's folder, no
 * symbolic link out of it, no second hard link, which could be a file of someone else's, and long
 * enough for what the network reads.
 *
 * A network that is a link has its data beside the link, as links of their own (Hugging Face's
 * cache), or beside the file that it leads to. Links into the folder of that file are followed: it
 * may be read, and the network itself lies there.
 *
 * @param network path of the network
 * @param files least size by location, from {@linkcode externalFiles}
 * @throws {ModelError} a file is missing, too short, no file, or a link out of both folders
 * @throws {PermissionError} when reading is not allowed, or a link leads to what may not be read
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

/** The network's own path, its folder resolved, where it is a link with data beside it. */
async function besideLink(
  network: string,
  files: ReadonlyMap<string, number>,
): Promise<string | undefined> {
  if (!(await Deno.lstat(network)).isSymlink) return undefined;
  const path = join(await Deno.realPath(dirname(network)), basename(network));
  for (const location of files.keys()) {
    if (await look(join(dirname(path), location))) return path;
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
  const { isFile, nlink, size } = await look(file) ?? fail("no such file");
  if (!isFile) fail("not a file");
  if (nlink !== null && nlink > 1) fail(`${nlink} hard links, wanted one`);
  if (size < wanted) fail(`${size} bytes, wanted at least ${wanted}`);
  return file;
}

/**
 * Checks every part of the way, since whoever opens the file follows links; only the last part may
 * be one.
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
    const { isSymlink } = await look(path) ?? fail("no such file");
    if (!isSymlink) continue;
    const target = await resolveFile(path);
    if (index === parts.length - 1 && folders.includes(dirname(target))) return target;
    fail(`${shown(part)} is a symbolic link out of the model's folder`);
  }
  return path;
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
