/** Opens the input files of `convert`. @module */
import { join } from "node:path";
import { ModelError, PermissionError, UsageError } from "../errors.ts";
import { type VaeConfig, vaeConfig } from "./vae/vae_config.ts";
import { isJsonObject, type JsonObject, readJson } from "../formats/json.ts";
import { type OpenTensors, openTensors } from "../formats/open_tensors.ts";
import { fileFault } from "../formats/file_fault.ts";
import { readUserFile } from "../storage/user_file.ts";
import { weightsName, type WeightStems } from "./weights_name.ts";

/**
 * Opens the tensors of a file given by a setting.
 *
 * @param part state dict to read, as in {@link openTensors}
 * @throws {UsageError} naming setting and file if it cannot be read
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

/** True for errors of the operating system, as opposed to errors in the file's content. */
function isSystemError(error: unknown): error is Error {
  return Object.values(Deno.errors).some((kind) => error instanceof kind);
}

/** A network of a diffusers folder with open tensors. */
interface OpenPart extends OpenTensors {
  /** Its `config.json`. */
  json: JsonObject;
  /** Path of `config.json`. */
  configFile: string;
  /** Path of the weights. */
  file: string;
  /** Variant of the weights, if the folder has no plain ones. */
  variant?: string;
}

/**
 * Opens a folder with `config.json` and weights.
 *
 * @throws {ModelError} if there are no weights
 */
async function openPart(
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

/** A network of a diffusers folder with open tensors and its parsed configuration. */
export interface OpenNetwork<Config> extends OpenPart {
  config: Config;
}

/** How the folder of a network is read. */
export interface NetworkReader<Config> {
  /** Parses `config.json`. */
  readConfig: (json: JsonObject, file: string) => Config;
  /** File names of the weights [those of diffusers]. */
  stems?: WeightStems;
}

/**
 * Opens a folder with `config.json` and weights, and parses the configuration.
 *
 * @throws {ModelError} if there are no weights, or the configuration is another network's
 */
export async function openNetwork<Config>(
  setting: string,
  folder: string,
  { readConfig, stems }: NetworkReader<Config>,
): Promise<OpenNetwork<Config>> {
  using files = new DisposableStack();
  const part = files.use(await openPart(setting, folder, stems));
  const config = readConfig(part.json, part.configFile);
  files.move();
  return { ...part, config };
}

/** A diffusers VAE with open tensors. */
export type OpenVae = OpenNetwork<VaeConfig>;

/**
 * Opens a VAE's folder, or the folder `vae` of a whole pipeline.
 *
 * @throws {ModelError} if there are no weights, or the configuration is another network's
 */
export async function openVae(setting: string, folder: string): Promise<OpenVae> {
  const own = await listFolder(setting, folder);
  const inside = !own.includes("config.json") && own.includes("vae");
  const path = inside ? join(folder, "vae") : folder;
  return await openNetwork(setting, path, { readConfig: vaeConfig });
}

/** Reads a JSON object given by a setting. @throws {ModelError} if the file is not an object */
export async function readUserJson(setting: string, path: string): Promise<JsonObject> {
  const json = readJson(await readUserFile(setting, path), { file: path, nonFinite: true });
  if (isJsonObject(json)) return json;
  throw new ModelError(`${path} holds no object`);
}

/**
 * Names of the files of a folder.
 *
 * @throws {UsageError} naming setting and folder if it cannot be read
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
