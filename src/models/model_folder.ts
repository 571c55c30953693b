/** A model folder in the layout of diffusers and optimum: one sub-folder per part, each with its `model.onnx`. @module */
import { dirname, join } from "node:path";
import { ModelError, PermissionError } from "../errors.ts";
import { checkExternalFiles } from "../formats/onnx/external_files.ts";
import { isJsonObject, type JsonObject, readJson } from "../formats/json.ts";
import { readOnnx } from "../formats/onnx/onnx.ts";
import { externalFiles } from "../formats/onnx/onnx_external.ts";
import { resolveFile } from "../formats/real_file.ts";
import { shownValue } from "../formats/shown.ts";

const INDEX = "model_index.json";

/** Options of {@link ModelFolder.open}. */
export interface ModelFolderOptions {
  /** Sub-folders that must hold a network. */
  networks: readonly string[];
  /** Other files that must be there, such as `scheduler/scheduler_config.json`. */
  files?: readonly string[];
  /** Take `model_fp16.onnx` in place of `model.onnx`. */
  fp16?: boolean;
  /** The folder is a part of a model, such as a VAE, and needs no `model_index.json`. */
  part?: boolean;
}

/** A folder whose wanted parts are all there. Opening it reads no network. */
export class ModelFolder {
  /** Path as the user gave it. */
  readonly path: string;
  /** Networks that were asked for and their external data: resolved paths by their names in the folder. */
  readonly networkFiles: Map<string, string> = new Map();
  /** `model_index.json`. */
  readonly index: JsonObject;
  readonly #networkFile: string;

  private constructor(path: string, index: JsonObject, networkFile: string) {
    this.path = path;
    this.index = index;
    this.#networkFile = networkFile;
  }

  /**
   * Looks for `model_index.json` and the wanted parts.
   *
   * @throws {ModelError} naming all that is missing at once
   * @throws {PermissionError} when reading is not allowed
   */
  static async open(path: string, options: ModelFolderOptions): Promise<ModelFolder> {
    const networkFile = options.fp16 ? "model_fp16.onnx" : "model.onnx";
    await expectFolder(path);
    const wanted = [
      ...(options.part ? [] : [INDEX]),
      ...options.networks.map((part) => `${part}/${networkFile}`),
      ...(options.files ?? []),
    ];
    const present = await Promise.all(wanted.map((name) => isFile(join(path, name))));
    const missing = wanted.filter((_, i) => !present[i]);
    if (missing.length > 0) {
      throw new ModelError(`model folder ${path} lacks ${missing.join(", ")}`, {
        hint: "models/README.md shows the layout",
      });
    }
    const index = options.part ? {} : await readConfig(join(path, INDEX));
    return new ModelFolder(path, index, networkFile);
  }

  /** Name for people: the index's own, else the folder's. */
  get name(): string {
    const own = this.index.name;
    return typeof own === "string"
      ? own
      : this.path.split(/[/\\]/).filter(Boolean).at(-1) ?? this.path;
  }

  /**
   * Path of a part's network, every link resolved, so that a permission to read means the file that is really opened. Notes the network
   * and its external data in {@link networkFiles}.
   *
   * @throws {ModelError} when external data are missing, short, or lie behind a link
   * @throws {PermissionError} when the network is a link to a file that may not be read
   */
  async network(part: string): Promise<string> {
    const name = `${part}/${this.#networkFile}`;
    const file = await resolveFile(join(this.path, name));
    this.networkFiles.set(name, file);
    const folder = dirname(file);
    for (const location of await externalData(file)) {
      this.networkFiles.set(`${part}/${location}`, join(folder, location));
    }
    return file;
  }

  /** A JSON file of the folder; an empty object where it is absent. */
  async config(name: string): Promise<JsonObject> {
    const path = join(this.path, name);
    return await isFile(path) ? await readConfig(path) : {};
  }
}

/** A number of a config, or `fallback` where the key is absent. @throws {ModelError} when it is something else */
export function configNumber(config: JsonObject, key: string, fallback: number): number {
  const value = config[key];
  if (value === undefined) return fallback;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new ModelError(
      `${key} of the model's configuration is ${shownValue(value)}, wanted a finite number`,
    );
  }
  return value;
}

/**
 * Files beside a network that hold its weights, checked before a runtime opens them. A network with nothing but plain texts and other
 * networks in its folder has none, and need not be read to know.
 */
async function externalData(file: string): Promise<string[]> {
  const folder = dirname(file);
  let alone = true;
  for await (const { name } of Deno.readDir(folder)) {
    // A link, or a folder, may go by any name.
    alone &&= /\.(onnx|json|txt)$/.test(name) && await isPlain(join(folder, name));
  }
  if (alone) return [];
  const files = externalFiles(readOnnx(await Deno.readFile(file), { file }));
  await checkExternalFiles(folder, files);
  return [...files.keys()];
}

async function isPlain(path: string): Promise<boolean> {
  const { isFile, nlink } = await Deno.lstat(path);
  return isFile && (nlink ?? 1) === 1;
}

async function readConfig(path: string): Promise<JsonObject> {
  const value = readJson(await Deno.readFile(path), { file: path });
  if (!isJsonObject(value)) {
    throw new ModelError(
      `${path} holds ${shownValue(value)}, wanted a JSON object`,
    );
  }
  return value;
}

async function expectFolder(path: string): Promise<void> {
  const info = await stat(path);
  if (!info) {
    throw new ModelError(`there is no model folder ${path}`, {
      hint: "a model is a folder; models/README.md shows the layout",
    });
  }
  if (!info.isDirectory) {
    throw new ModelError(`${path} is not a folder`, {
      hint: "a model is the folder, not a file in it",
    });
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path))?.isFile ?? false;
}

async function stat(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
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
