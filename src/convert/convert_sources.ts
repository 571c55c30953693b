/** Opens what `convert` reads. @module */
import { join } from "node:path";
import { ModelError, PermissionError, UsageError } from "../errors.ts";
import { type VaeConfig, vaeConfig } from "./vae/vae_config.ts";
import { isJsonObject, type JsonObject, readJson } from "../formats/json.ts";
import { type OpenTensors, openTensors } from "../formats/open_tensors.ts";
import { fileFault } from "../formats/file_fault.ts";
import { readUserFile } from "../storage/user_file.ts";
import { weightsName, type WeightStems } from "./weights_name.ts";

/**
 * Opens the tensors of a file that a setting names.
 *
 * @param part state dict to take, as {@link openTensors}
 * @throws {UsageError} naming setting and file when it cannot be read
 */
export async function openUserTensors(
  setting: string,
  path: string,
  part?: string,
): Promise<OpenTensors> {
  try {
    return await openTensors(path, { part });
  } catch (cause) {
    if (cause instanceof PermissionError || !isSystemError(cause)) throw cause;
    throw new UsageError((name) => `${name(setting)} ${path} cannot be read: ${fileFault(cause)}`, {
      cause,
    });
  }
}

/** What the operating system says, as against what is wrong with the file. */
function isSystemError(error: unknown): error is Error {
  return Object.values(Deno.errors).some((kind) => error instanceof kind);
}

/** A network of a diffusers folder, its tensors open. */
export interface OpenPart extends OpenTensors {
  /** Its `config.json`. */
  json: JsonObject;
  /** Path of that. */
  configFile: string;
  /** Path of the weights. */
  file: string;
  /** Name of their variant, where no other weights are there. */
  variant?: string;
}

/**
 * Opens a folder with `config.json` and weights.
 *
 * @throws {ModelError} where there are no weights
 */
export async function openPart(
  setting: string,
  folder: string,
  stems?: WeightStems,
): Promise<OpenPart> {
  const { name, variant } = weightsName(await listFolder(setting, folder), folder, stems);
  const configFile = join(folder, "config.json");
  const json = await readUserJson(setting, configFile);
  const file = join(folder, name);
  return { ...await openUserTensors(setting, file), json, configFile, file, variant };
}

/** A diffusers VAE, its tensors open. */
export interface OpenVae extends OpenPart {
  config: VaeConfig;
}

/**
 * Opens the folder of a VAE, or the `vae` in a folder of a whole pipeline.
 *
 * @throws {ModelError} where there are no weights, or the configuration is of another network
 */
export async function openVae(setting: string, folder: string): Promise<OpenVae> {
  const own = await listFolder(setting, folder);
  const inside = !own.includes("config.json") && own.includes("vae");
  const part = await openPart(setting, inside ? join(folder, "vae") : folder);
  return { ...part, config: vaeConfig(part.json, part.configFile) };
}

/** A JSON object that a setting names. @throws {ModelError} where the file holds something else */
export async function readUserJson(setting: string, path: string): Promise<JsonObject> {
  const json = readJson(await readUserFile(setting, path), { file: path, nonFinite: true });
  if (isJsonObject(json)) return json;
  throw new ModelError(`${path} holds no object`);
}

/**
 * Names of a folder's files.
 *
 * @throws {UsageError} naming setting and folder when it cannot be read
 */
export async function listFolder(setting: string, folder: string): Promise<string[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) {
      const hint = cause.message;
      throw new PermissionError((name) => `${name(setting)} ${folder} may not be read`, {
        hint,
        cause,
      });
    }
    throw new UsageError(
      (name) => `${name(setting)} ${folder} cannot be read: ${fileFault(cause)}`,
      { cause },
    );
  }
}
