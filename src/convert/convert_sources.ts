/** Opens what `convert` reads. @module */
import { join } from "node:path";
import { ModelError, PermissionError, UsageError } from "../errors.ts";
import { type VaeConfig, vaeConfig } from "./vae/vae_config.ts";
import { isJsonObject, readJson } from "../formats/json.ts";
import { type OpenTensors, openTensors } from "../formats/open_tensors.ts";
import { fileFault } from "../formats/file_fault.ts";
import { readUserFile } from "../storage/user_file.ts";
import { weightsName } from "./weights_name.ts";

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

/** A diffusers VAE, its tensors open. */
export interface OpenVae extends OpenTensors {
  config: VaeConfig;
  /** Path of the weights. */
  file: string;
  /** Name of their variant, where no other weights are there. */
  variant?: string;
}

/**
 * Opens a folder with `config.json` and weights, or the `vae` in a folder of a whole pipeline.
 *
 * @throws {ModelError} where there are no weights, or the configuration is of another network
 */
export async function openVae(setting: string, folder: string): Promise<OpenVae> {
  const own = await names(setting, folder);
  const inside = !own.includes("config.json") && own.includes("vae");
  const path = inside ? join(folder, "vae") : folder;
  const present = inside ? await names(setting, path) : own;
  const { name, variant } = weightsName(present, path);
  const configFile = join(path, "config.json");
  const json = readJson(await readUserFile(setting, configFile), {
    file: configFile,
    nonFinite: true,
  });
  if (!isJsonObject(json)) throw new ModelError(`${configFile} holds no object`);
  const config = vaeConfig(json, configFile);
  const file = join(path, name);
  return { ...await openUserTensors(setting, file), config, file, variant };
}

async function names(setting: string, folder: string): Promise<string[]> {
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
