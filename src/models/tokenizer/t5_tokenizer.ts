/**
 * T5's tokenizer, as SD3 and FLUX use it: a row of ids, ended by `eos`, filled with the pad token.
 *
 * `@huggingface/tokenizers` reads `tokenizer.json`, which holds the whole of it.
 * @module
 */
import { join } from "node:path";
import type { Tokenizer } from "npm:@huggingface/tokenizers@0.2.0";
import { ModelError } from "../../errors.ts";
import { isJsonObject, type JsonObject, readJson } from "../../formats/json.ts";
import type { ClipTokens } from "./clip_tokenizer.ts";
import type { ReadTokenizerFile } from "./clip_vocabulary.ts";

const FILE = "tokenizer.json", SETTINGS = "tokenizer_config.json";

/** Tokenizer of one model folder. */
export class T5Tokenizer {
  /** Ids in a row. */
  readonly maxLength: number;
  readonly #tokenizer: Tokenizer;
  readonly #ids: Record<"eos" | "pad", number>;

  private constructor(tokenizer: Tokenizer, maxLength: number, ids: Record<"eos" | "pad", number>) {
    this.#tokenizer = tokenizer;
    this.maxLength = maxLength;
    this.#ids = ids;
  }

  /**
   * Reads `tokenizer.json` and `tokenizer_config.json`.
   *
   * @param folder path of the folder, for messages
   * @param options.read reads the folder's files
   * @param options.most maximum number of ids; the folder may set a smaller one
   * @throws {ModelError} a file is missing or malformed
   */
  static async load(
    folder: string,
    { read, most }: { read: ReadTokenizerFile; most: number },
  ): Promise<T5Tokenizer> {
    const json = await readObject(folder, FILE, read);
    const settings = await readObject(folder, SETTINGS, read);
    const own = settings.model_max_length;
    const { Tokenizer } = await import("npm:@huggingface/tokenizers@0.2.0");
    const length = typeof own === "number" ? Math.min(own, most) : most;
    const ids = { eos: idOf(folder, json, "</s>"), pad: idOf(folder, json, "<pad>") };
    return new T5Tokenizer(construct(folder, () => new Tokenizer(json, settings)), length, ids);
  }

  /** Turns a text into a row of ids; lone surrogates count as U+FFFD. */
  encode(text: string): ClipTokens {
    const options = { add_special_tokens: false };
    const all = this.#tokenizer.encode(text.toWellFormed(), options).ids;
    const room = this.maxLength - 1;
    const ids = [...all.slice(0, room), this.#ids.eos];
    while (ids.length < this.maxLength) ids.push(this.#ids.pad);
    const truncated = all.length > room
      ? this.#tokenizer.decode(all.slice(room), { clean_up_tokenization_spaces: false })
      : undefined;
    return { ids, truncated };
  }
}

async function readObject(
  folder: string,
  name: string,
  read: ReadTokenizerFile,
): Promise<JsonObject> {
  const bytes = await read(name), file = join(folder, name);
  if (bytes === undefined) {
    throw new ModelError(`${folder} lacks ${name}, needed for T5's tokenizer`, {
      hint: "transformers saves it with save_pretrained() of the fast tokenizer",
    });
  }
  const json = readJson(bytes, { file });
  if (isJsonObject(json)) return json;
  throw new ModelError(`${file} holds no JSON object`);
}

function idOf(folder: string, { added_tokens: added }: JsonObject, token: string): number {
  const found = Array.isArray(added)
    ? added.find((one) => isJsonObject(one) && one.content === token)
    : undefined;
  if (isJsonObject(found) && typeof found.id === "number") return found.id;
  throw new ModelError(`${join(folder, FILE)}: added_tokens lacks ${token}`);
}

function construct(folder: string, make: () => Tokenizer): Tokenizer {
  try {
    return make();
  } catch (cause) {
    throw new ModelError(`${join(folder, FILE)} is no tokenizer: ${(cause as Error).message}`, {
      cause,
    });
  }
}
