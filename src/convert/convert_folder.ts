/** The model folder that `convert` makes. @module */
import { join } from "node:path";
import type { ConvertedNetwork } from "./network.ts";
import { UsageError } from "../errors.ts";
import type { JsonObject } from "../formats/json.ts";
import { StagedFiles } from "../storage/staged_files.ts";

/** One network of the folder. */
export interface FolderPart {
  /** Its sub-folder. */
  part: string;
  network: ConvertedNetwork;
  /** Its `config.json`. */
  config: JsonObject;
}

/** Content of a model folder to write. */
export interface ModelFolderPlan {
  folder: string;
  parts: readonly FolderPart[];
  /** `model` or `model_fp16`. */
  stem: string;
  /** Files shared by the networks, by name: JSON or bytes. Existing files are kept. */
  shared: Readonly<Record<string, JsonObject | Uint8Array>>;
}

/**
 * Checks that all files can be written beside those that the folder has.
 *
 * @returns names of shared files that exist with another content; they belong to this model,
 * because the folder has a network of it
 * @throws {UsageError} if a network would replace another, or the folder holds another model
 */
export async function checkModelFolder(
  { folder, parts, stem, shared }: ModelFolderPlan,
): Promise<string[]> {
  const refuse = (what: string) => {
    throw new UsageError((name) => `${name("outputPath")} ${folder} has ${what}`, {
      hint: "choose another folder, or remove the file",
    });
  };
  let hasNetwork = false;
  for (const { part, config } of parts) {
    for (const name of [`${part}/${stem}.onnx`, `${part}/${stem}.safetensors`]) {
      if (await exists(join(folder, name))) refuse(`${name} already`);
    }
    const name = `${part}/config.json`;
    const present = await read(join(folder, name));
    if (present === undefined) continue;
    if (!equal(present, encode(config))) refuse(`a ${name} of another network`);
    hasNetwork = true;
  }
  const differing: string[] = [];
  for (const [name, content] of Object.entries(shared)) {
    const present = await read(join(folder, name));
    if (present === undefined || equal(present, bytesOf(content))) continue;
    if (!hasNetwork) refuse(`a ${name} of another model`);
    differing.push(name);
  }
  return differing;
}

/**
 * Writes all files or none. `model_index.json`, which makes the folder a model, is written last.
 *
 * @param wrote called after the files of each network are written
 * @returns names of shared files that existed
 * @throws {StorageError} if the file system refuses
 */
export async function writeModelFolder(
  { folder, parts, stem, shared }: ModelFolderPlan,
  { signal, wrote }: { signal: AbortSignal; wrote: (part: FolderPart, bytes: number) => void },
): Promise<string[]> {
  await using files = new StagedFiles(folder);
  const write = async (name: string, content: JsonObject | Uint8Array) => {
    if (await exists(join(folder, name))) return true;
    const bytes = bytesOf(content);
    await files.write(name, [bytes], { size: bytes.length, signal });
    return false;
  };
  for (const part of parts) {
    const { network: { model, weights, weightsSize } } = part;
    const path = `${part.part}/${stem}`;
    await files.write(`${path}.safetensors`, weights({ reuse: true }), {
      ...{ size: weightsSize, signal },
    });
    await files.write(`${path}.onnx`, [model], { size: model.length, signal });
    await write(`${part.part}/config.json`, part.config);
    wrote(part, weightsSize + model.length);
  }
  const kept: string[] = [];
  for (const [name, content] of Object.entries(shared)) {
    if (await write(name, content)) kept.push(name);
  }
  signal.throwIfAborted();
  await files.commit();
  return kept;
}

function bytesOf(content: JsonObject | Uint8Array): Uint8Array {
  return content instanceof Uint8Array ? content : encode(content);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function encode(json: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json, null, 2) + "\n");
}

async function exists(path: string): Promise<boolean> {
  return await absent(Deno.lstat(path)) !== undefined;
}

function read(path: string): Promise<Uint8Array | undefined> {
  return absent(Deno.readFile(path));
}

/** The result, or `undefined` if there is no such file. */
async function absent<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
