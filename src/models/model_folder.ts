/**
 * Reads model folders in the layout of diffusers and optimum: one subfolder per part, each with its
 * `model.onnx`.
 * @module
 */
import { join } from "node:path";
import { ModelError, PermissionError } from "../errors.ts";
import { isJsonObject, type JsonObject, readJson } from "../formats/json.ts";
import { resolveFile } from "../formats/real_file.ts";
import { escapeInvisible, shownValue } from "../text.ts";
import type { ScheduleKind } from "../sampling/schedules/scheduler_config.ts";
import { openableNetwork } from "./networks/openable_network.ts";
import { hubHint, isHubName } from "../storage/hub_name.ts";

const INDEX = "model_index.json";
const TOKENIZER = "tokenizer/tokenizer.json";
const TOKENIZER_TABLES = ["tokenizer/vocab.json", "tokenizer/merges.txt"];

/** Most file names of a folder that a message lists. */
const MAX_LISTED = 6;

/** Options of {@link ModelFolder.open}. */
export interface ModelFolderOptions {
  /** Subfolders that must contain a network. A shared VAE is not searched for here. */
  networks: readonly string[];
  /** Require a tokenizer: `tokenizer.json`, or `vocab.json` and `merges.txt`. */
  tokenizer?: boolean;
  /** Use `model_fp16.onnx` instead of `model.onnx`. */
  fp16?: boolean;
  /** The folder is a part of a model, such as a VAE, and needs no `model_index.json`. */
  part?: boolean;
}

/** What a model samples with: a schedule of DDIM's, or a flow. */
export type ModelKind = ScheduleKind | "flow";

/**
 * A model folder with all required parts. Opening it reads no network. It records every file it
 * returns, for the manifest.
 */
export class ModelFolder {
  /** Path as given. */
  readonly path: string;
  /** Requested networks and their external data: resolved paths by their names in the folder. */
  readonly networkFiles: Map<string, string> = new Map();
  /** Other requested files: paths by their names in the folder, `undefined` for an absent file. */
  readonly configFiles: Map<string, string | undefined> = new Map();
  readonly #networkFile: string;
  #index: JsonObject = {};

  private constructor(path: string, networkFile: string) {
    this.path = path;
    this.#networkFile = networkFile;
  }

  /**
   * Reads `model_index.json` and checks for the required parts.
   *
   * @throws {ModelError} naming everything that is missing, and what was found instead
   * @throws {PermissionError} if reading is not allowed
   */
  static async open(path: string, options: ModelFolderOptions): Promise<ModelFolder> {
    const networkFile = options.fp16 ? "model_fp16.onnx" : "model.onnx";
    await expectFolder(path);
    const folder = new ModelFolder(path, networkFile);
    if (!options.part) folder.#index = await folder.config(INDEX);
    const shared = folder.vaePath !== path;
    const networks = options.networks.filter((part) => !shared || !part.startsWith("vae_"));
    const tables = options.tokenizer && !await isFile(join(path, TOKENIZER));
    const wanted = [
      ...(options.part ? [] : [INDEX]),
      ...networks.map((part) => `${part}/${networkFile}`),
      ...(tables ? TOKENIZER_TABLES : []),
    ];
    const present = await Promise.all(wanted.map((name) => isFile(join(path, name))));
    const missing = wanted.filter((_, i) => !present[i]);
    if (missing.length > 0) {
      const found = await describeFolders(path, missing);
      throw new ModelError(`model folder ${path} lacks ${missing.join(", ")}${found}`, {
        hint: "models/README.md shows the layout",
      });
    }
    return folder;
  }

  /** `model_index.json`. */
  get index(): JsonObject {
    return this.#index;
  }

  /** Display name: the index's own, or else the folder's. */
  get name(): string {
    const own = this.index.name;
    return typeof own === "string"
      ? own
      : this.path.split(/[/\\]/).filter(Boolean).at(-1) ?? this.path;
  }

  /**
   * Folder of the VAE: this one, or the folder beside it that the index names as `shared_vae`.
   *
   * @throws {ModelError} where the value is not the name of a folder
   */
  get vaePath(): string {
    const { shared_vae: shared } = this.index;
    if (shared === undefined) return this.path;
    if (typeof shared === "string" && /^\w[\w.-]*$/.test(shared)) {
      return join(this.path, "..", shared);
    }
    throw new ModelError(
      `${this.path}/${INDEX}: shared_vae is ${shownValue(shared)}, ` +
        "wanted the name of a folder beside this one",
    );
  }

  /**
   * Kind of the model by its index: text to image if that names Stable Diffusion or FLUX, a DiT if
   * it names no other scheduler or pipeline.
   */
  get kind(): ModelKind {
    const { _class_name: name, scheduler } = this.index;
    if (typeof name === "string" && /StableDiffusion|Flux/.test(name)) return "stable-diffusion";
    return Array.isArray(scheduler) && String(scheduler[1]).startsWith("FlowMatch")
      ? "flow"
      : "dit";
  }

  /**
   * Returns the path of a part's network for opening, and records the network and its external data
   * in {@link networkFiles}. All links are resolved, so that the permission to read applies to the
   * real file. If a link has its external data beside it, as in Hugging Face's cache, the path is
   * the link's.
   *
   * @throws {ModelError} if external data are missing, short, or behind a link out of the folder
   * @throws {PermissionError} if the network is a link to a file that may not be read
   */
  async network(part: string): Promise<string> {
    const name = `${part}/${this.#networkFile}`;
    const { path, data } = await openableNetwork(join(this.path, name));
    this.networkFiles.set(name, path);
    for (const [location, file] of data) this.networkFiles.set(`${part}/${location}`, file);
    return path;
  }

  /** Whether the folder has a part's network. */
  hasNetwork(part: string): Promise<boolean> {
    return isFile(join(this.path, part, this.#networkFile));
  }

  /**
   * Reads a file that is not a network, and records it in {@link configFiles}. Returns `undefined`
   * if it is absent.
   */
  async read(name: string): Promise<Uint8Array | undefined> {
    const path = join(this.path, name);
    const file = await isFile(path) ? await resolveFile(path) : undefined;
    this.configFiles.set(name, file);
    return file === undefined ? undefined : await Deno.readFile(file);
  }

  /** Reads a JSON file of the folder; an absent one is an empty object. */
  async config(name: string): Promise<JsonObject> {
    const bytes = await this.read(name);
    if (bytes === undefined) return {};
    const file = join(this.path, name);
    const value = readJson(bytes, { file, nonFinite: true });
    if (isJsonObject(value)) return value;
    throw new ModelError(`${file} holds ${shownValue(value)}, wanted a JSON object`);
  }
}

/**
 * Reads a number of a configuration, or returns `fallback` if the key is absent.
 *
 * @throws {ModelError} if the value is not a finite number
 */
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

/** Describes what the folders of missing files contain: another variant, another format. */
async function describeFolders(path: string, missing: readonly string[]): Promise<string> {
  const parts = new Set(missing.filter((name) => name !== INDEX).map((name) => name.split("/")[0]));
  const found: string[] = [];
  for (const part of parts) {
    const names = await namesIn(join(path, part));
    const more = names.length > MAX_LISTED ? `, ${names.length - MAX_LISTED} more` : "";
    const listed = names.slice(0, MAX_LISTED).map(escapeInvisible).join(", ");
    if (names.length > 0) found.push(`${part} holds ${listed}${more}`);
  }
  return found.map((line) => `; ${line}`).join("");
}

async function namesIn(folder: string): Promise<string[]> {
  if (!(await stat(folder))?.isDirectory) return [];
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}

async function expectFolder(path: string): Promise<void> {
  const info = await stat(path);
  if (!info) {
    throw new ModelError(`there is no model folder ${path}`, {
      hint: isHubName(path)
        ? hubHint(path)
        : "a model is a folder; models/README.md shows the layout",
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
