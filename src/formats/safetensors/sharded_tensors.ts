/**
 * Reads tensors that are spread over several files, by the index that lists the file of each
 * (`model.safetensors.index.json`).
 * @module
 */
import { FormatError } from "../../errors.ts";
import { isJsonObject, type JsonValue, readJson } from "../json.ts";
import type { SafetensorsTensor } from "./safetensors.ts";
import { shown, shownValue } from "../../text.ts";
import { entryOf, type TensorEntry, type TensorFile, type TensorRange } from "../tensor_file.ts";

/** Options of {@link ShardedTensors.open}. */
export interface ShardedTensorsOptions {
  /** Name of the index in messages. */
  file?: string;
  /** Opens a shard, a plain file name without a folder. */
  open: (shard: string) => Promise<TensorFile>;
}

/** Most accepted shards; the largest models have some hundreds. */
const MAX_SHARDS = 1000;

/** Several tensor files as one. */
export class ShardedTensors implements TensorFile {
  /** Every tensor by name, in the order of the index. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Names of the shards. */
  readonly shards: readonly string[];
  readonly #homes: ReadonlyMap<string, TensorFile>;
  readonly #file: string;

  private constructor(
    homes: ReadonlyMap<string, TensorFile>,
    { shards, file }: { shards: readonly string[]; file: string },
  ) {
    this.entries = new Map(
      [...homes].map(([name, home]) => [name, entryOf(home.entries, name, file)]),
    );
    this.#homes = homes;
    this.shards = shards;
    this.#file = file;
  }

  /**
   * Reads the index and opens every shard.
   *
   * @param index the JSON of the index
   * @throws {FormatError} if a shard is missing or its name is a path, or if index and shards list
   * different tensors
   */
  static async open(index: Uint8Array, options: ShardedTensorsOptions): Promise<ShardedTensors> {
    const { file = "index", open } = options;
    const map = weightMap(readJson(index, { file }), file);
    const shards = new Map<string, TensorFile>();
    for (const shard of new Set(map.values())) {
      try {
        shards.set(shard, await open(shard));
      } catch (cause) {
        if (!(cause instanceof Deno.errors.NotFound)) throw cause;
        throw new FormatError(`${file}: its shard ${shown(shard)} is missing`, { cause });
      }
    }
    const homes = new Map<string, TensorFile>();
    for (const [name, shard] of map) {
      const home = shards.get(shard);
      if (!home?.entries.has(name)) {
        throw new FormatError(`${file}: tensor ${shown(name)} is not in ${shown(shard)}`);
      }
      homes.set(name, home);
    }
    for (const [shard, { entries }] of shards) {
      const stray = [...entries.keys()].find((name) => map.get(name) !== shard);
      if (stray === undefined) continue;
      throw new FormatError(`${file}: tensor ${shown(stray)} of ${shown(shard)} is not listed`);
    }
    return new ShardedTensors(homes, { shards: [...shards.keys()], file });
  }

  /** Reads one tensor. @throws {FormatError} as the shard's own `read` */
  async read(name: string): Promise<SafetensorsTensor> {
    return await this.#home(name).read(name);
  }

  /** Reads a part of one tensor. @throws {FormatError} as the shard's own `readBytes` */
  async readBytes(name: string, range: TensorRange): Promise<Uint8Array> {
    return await this.#home(name).readBytes(name, range);
  }

  #home(name: string): TensorFile {
    const home = this.#homes.get(name);
    if (!home) throw new FormatError(`${this.#file}: no tensor ${shown(name)}`);
    return home;
  }
}

function weightMap(root: JsonValue, file: string): Map<string, string> {
  const map = isJsonObject(root) ? root.weight_map : undefined;
  if (!isJsonObject(map)) throw new FormatError(`${file}: no object weight_map`);
  const shards = new Map<string, string>();
  for (const name in map) {
    const shard = map[name];
    if (typeof shard !== "string" || !isPlainName(shard)) {
      throw new FormatError(
        `${file}: tensor ${shown(name)} is in ${shownValue(shard)}, wanted a plain file name`,
      );
    }
    shards.set(name, shard);
  }
  if (shards.size === 0) throw new FormatError(`${file}: an empty weight_map`);
  const count = new Set(shards.values()).size;
  if (count > MAX_SHARDS) throw new FormatError(`${file}: ${count} shards, at most ${MAX_SHARDS}`);
  return shards;
}

/** True for a file name without a folder on any system. */
function isPlainName(name: string): boolean {
  return /^[^\p{C}/\\:*?"<>|]{1,255}$/u.test(name) && !/^\.{1,2}$/.test(name) &&
    /\.(safetensors|bin|pt|pth)$/.test(name);
}
