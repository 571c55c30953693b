/** A model folder in the layout of diffusers and optimum: one sub-folder per part, each with its `model.onnx`. @module */
import { join } from "node:path";
import { ModelError, PermissionError } from "../errors.ts";
import { isJsonObject, type JsonObject, readJson } from "../formats/json.ts";

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

  /** Name of a part's network file inside the folder. */
  networkName(part: string): string {
    return `${part}/${this.#networkFile}`;
  }

  /** Path of a part's network, every link resolved, so that a permission to read means the file that is really opened. */
  async networkPath(part: string): Promise<string> {
    const path = join(this.path, this.networkName(part));
    const real = await Deno.realPath(path);
    await Deno.stat(real).catch((cause) => {
      throw new PermissionError(`cannot read ${path}, a link to ${real}`, {
        hint: String(cause.message),
        cause,
      });
    });
    return real;
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
      `${key} of the model's configuration is ${JSON.stringify(value)}, wanted a finite number`,
    );
  }
  return value;
}

async function readConfig(path: string): Promise<JsonObject> {
  const value = readJson(await Deno.readFile(path), { file: path });
  if (!isJsonObject(value)) {
    throw new ModelError(
      `${path} holds ${JSON.stringify(value).slice(0, 40)}, wanted a JSON object`,
    );
  }
  return value;
}

async function expectFolder(path: string): Promise<void> {
  const info = await stat(path);
  if (!info) {
    throw new ModelError(`there is no model folder ${path}`, {
      hint: "--model_path takes a folder",
    });
  }
  if (!info.isDirectory) {
    throw new ModelError(`${path} is not a folder`, {
      hint: "--model_path takes the folder, not a file in it",
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
