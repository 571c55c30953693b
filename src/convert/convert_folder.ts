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

/** What to write, and where. */
export interface ModelFolderPlan {
  folder: string;
  parts: readonly FolderPart[];
  /** `model` or `model_fp16`. */
  stem: string;
  /** Files of the whole folder by name, JSON or bytes; one that is there stays as it is. */
  shared: Readonly<Record<string, JsonObject | Uint8Array>>;
}

/**
 * Looks whether all files can be written beside what the folder has.
 *
 * @throws {UsageError} where a network would replace another, or belong to another configuration
 */
export async function checkModelFolder({ folder, parts, stem }: ModelFolderPlan): Promise<void> {
  const refuse = (what: string) => {
    throw new UsageError((name) => `${name("outputPath")} ${folder} has ${what}`, {
      hint: "take another folder, or remove what is there",
    });
  };
  for (const { part, config } of parts) {
    for (const name of [`${part}/${stem}.onnx`, `${part}/${stem}.safetensors`]) {
      if (await exists(join(folder, name))) refuse(`${name} already`);
    }
    const name = `${part}/config.json`;
    const present = await read(join(folder, name));
    if (present !== undefined && present !== new TextDecoder().decode(encode(config))) {
      refuse(`a ${name} of another network`);
    }
  }
}

/**
 * Writes all files or none. The index comes last: before it, the folder is no model.
 *
 * @param wrote is told of every network when its weights are written
 * @returns names of shared files that were there already
 * @throws {StorageError} when the file system refuses
 */
export async function writeModelFolder(
  { folder, parts, stem, shared }: ModelFolderPlan,
  { signal, wrote }: { signal: AbortSignal; wrote: (part: FolderPart, bytes: number) => void },
): Promise<string[]> {
  await using files = new StagedFiles(folder);
  const write = async (name: string, content: JsonObject | Uint8Array) => {
    if (await exists(join(folder, name))) return true;
    const bytes = content instanceof Uint8Array ? content : encode(content);
    await files.write(name, [bytes], { size: bytes.length, signal });
    return false;
  };
  for (const part of parts) {
    const { network: { model, weights, weightsSize } } = part;
    const path = `${part.part}/${stem}`;
    await files.write(`${path}.safetensors`, weights(), { size: weightsSize, signal });
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

function encode(json: JsonObject): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(json, null, 2) + "\n");
}

async function exists(path: string): Promise<boolean> {
  return await absent(Deno.lstat(path)) !== undefined;
}

function read(path: string): Promise<string | undefined> {
  return absent(Deno.readTextFile(path));
}

/** The answer, or `undefined` where there is no such file. */
async function absent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}
