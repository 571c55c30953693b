/** Validates a network's file and external data before a runtime opens them. @module */
import { Buffer } from "node:buffer";
import { dirname, join } from "node:path";
import { FileSource } from "../../formats/file_source.ts";
import { HEAD_BYTES, refuseForeign } from "../../formats/foreign_file.ts";
import { type PlacedNetwork, placeNetwork } from "../../formats/onnx/external_files.ts";
import { readOnnx } from "../../formats/onnx/onnx.ts";
import { externalFiles } from "../../formats/onnx/onnx_external.ts";
import { resolveFile } from "../../formats/real_file.ts";

const PIECE = 1 << 20;

/**
 * Finds the files of a network.
 *
 * @throws {FormatError} if the file has another format, such as a Git LFS pointer
 * @throws {ModelError} if external data are missing, short, or behind a link out of the folder
 * @throws {PermissionError} if the network is a link to a file that may not be read
 */
export async function openableNetwork(file: string): Promise<PlacedNetwork> {
  const real = await resolveFile(file);
  await refuseForeignFile(real, file);
  const files = await mayHaveData(file, real)
    ? externalFiles(readOnnx(await Deno.readFile(real), { file }))
    : new Map<string, number>();
  return await placeNetwork(file, files);
}

/** Refuses files of other formats. ONNX Runtime would only say that parsing failed. */
async function refuseForeignFile(real: string, file: string): Promise<void> {
  using source = FileSource.open(real);
  refuseForeign(await source.read(0, HEAD_BYTES), { file, wanted: "an ONNX network" });
}

/**
 * Whether a network may have external data, without parsing it. Its weights can be in a file of any
 * name, but that name appears in the network.
 */
async function mayHaveData(file: string, real: string): Promise<boolean> {
  if (!await isPlain(file)) return true;
  const names: string[] = [];
  for await (const { name } of Deno.readDir(dirname(real))) {
    const path = join(dirname(real), name);
    if (path === real) continue;
    // A link or a folder may have any name.
    if (!/\.(onnx|json|txt)$/.test(name) || !await isPlain(path)) return true;
    names.push(name);
  }
  return names.length > 0 && await spellsAny(real, names);
}

async function isPlain(path: string): Promise<boolean> {
  const { isFile, nlink } = await Deno.lstat(path);
  return isFile && (nlink ?? 1) === 1;
}

/** Searches a file in pieces, since a network need not fit in memory. */
async function spellsAny(path: string, words: readonly string[]): Promise<boolean> {
  const wanted = words.map((word) => Buffer.from(word));
  const overlap = Math.max(...wanted.map(({ length }) => length)) - 1;
  const buffer = Buffer.alloc(overlap + PIECE);
  using file = await Deno.open(path);
  let kept = 0;
  for (;;) {
    const read = await file.read(buffer.subarray(kept));
    if (read === null) return false;
    const filled = buffer.subarray(0, kept + read);
    if (wanted.some((word) => filled.includes(word))) return true;
    kept = Math.min(overlap, filled.length);
    filled.copy(buffer, 0, filled.length - kept);
  }
}
