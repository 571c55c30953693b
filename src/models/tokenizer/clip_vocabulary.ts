/**
 * Reads the files of a CLIP tokenizer folder as transformers writes it: `tokenizer.json`, or
 * `vocab.json` and `merges.txt`, and, where present, `added_tokens.json`, `special_tokens_map.json`
 * and `tokenizer_config.json`.
 * @module
 */

import { join } from "node:path";
import { ModelError } from "../../errors.ts";
import { shown, shownValue } from "../../text.ts";
import type { AddedToken } from "./added_tokens.ts";
import { specialTokens } from "./clip_special_tokens.ts";
import { checkVocab, type ClipTables, parseMerges, parseObject, tablesOf } from "./clip_tables.ts";

/** Content of the files. */
export interface ClipVocabulary extends ClipTables {
  /** Tokens that are matched as a whole. */
  addedTokens: AddedToken[];
  /** Id at the start of a row. */
  bosId: number;
  /** Id after the text. */
  eosId: number;
  /** Id of the padding: `<|endoftext|>` in Stable Diffusion 1, `!` in 2. */
  padId: number;
  /** Token for text that the vocabulary lacks. */
  unkToken: string;
  /** Number of ids in a row, including `bos` and `eos`. */
  maxLength: number;
}

/** Reads a file of the tokenizer's folder; `undefined` if it is missing. */
export type ReadTokenizerFile = (name: string) => Promise<Uint8Array | undefined>;

/** Positions of every CLIP text encoder; used if the configuration has no usable length. */
const CLIP_POSITIONS = 77;

/**
 * Reads a tokenizer folder.
 *
 * @param folder path of the folder, for errors
 * @param read reads one of its files
 * @returns the validated vocabulary: ids are unique integers, both sides of each merge and its
 * result are tokens, special tokens are in the vocabulary or added to it
 * @throws {ModelError} if files are missing or malformed, with their names and the line
 */
export async function readClipVocabulary(
  folder: string,
  read: ReadTokenizerFile,
): Promise<ClipVocabulary> {
  const text = async (name: string) => decodeUtf8(await read(name), join(folder, name));
  const object = async (name: string) => {
    const content = await text(name);
    return content === undefined ? undefined : parseObject(content, join(folder, name));
  };
  const whole = await object("tokenizer.json");
  const tables = whole
    ? tablesOf(whole, join(folder, "tokenizer.json"))
    : await readTables(folder, text);
  const config = await object("tokenizer_config.json") ?? {};
  checkConfig(config, folder);
  const map = await object("special_tokens_map.json") ?? {};
  const added = await object("added_tokens.json") ?? {};
  const listed = Array.isArray(whole?.added_tokens) ? whole.added_tokens : [];
  const { vocab } = tables;
  const { tokens, special } = specialTokens({ folder, config, map, added, listed }, vocab);
  const idOf = (name: "bos_token" | "eos_token" | "pad_token") =>
    tokens.find(({ content }) => content === special[name])!.id;
  return {
    ...tables,
    addedTokens: tokens,
    bosId: idOf("bos_token"),
    eosId: idOf("eos_token"),
    padId: idOf("pad_token"),
    unkToken: special.unk_token,
    maxLength: maxLength(config.model_max_length),
  };
}

function decodeUtf8(bytes: Uint8Array | undefined, path: string): string | undefined {
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ModelError(`${path}: not UTF-8`, { cause });
  }
}

async function readTables(
  folder: string,
  text: (name: string) => Promise<string | undefined>,
): Promise<ClipTables> {
  const vocabText = await text("vocab.json");
  const mergesText = await text("merges.txt");
  if (vocabText === undefined || mergesText === undefined) {
    const missing = [
      ...(vocabText === undefined ? ["no vocab.json"] : []),
      ...(mergesText === undefined ? ["no merges.txt"] : []),
    ];
    throw new ModelError(`read the tokenizer ${folder}: ${missing.join(", ")}`, {
      hint: "a CLIP tokenizer folder holds tokenizer.json, or vocab.json and merges.txt",
    });
  }
  const path = join(folder, "vocab.json");
  const vocab = checkVocab(parseObject(vocabText, path), path);
  return { vocab, merges: parseMerges(mergesText, vocab, join(folder, "merges.txt")) };
}

/** Refuses settings that would change ids. */
function checkConfig(config: Record<string, unknown>, folder: string): void {
  const path = join(folder, "tokenizer_config.json");
  const kind = config.tokenizer_class;
  if (typeof kind === "string" && !/^CLIPTokenizer(Fast)?$/.test(kind)) {
    throw new ModelError(
      `read the tokenizer ${folder}: tokenizer_class is ${shown(kind)}, wanted CLIPTokenizer`,
    );
  }
  const wanted = { padding_side: "right", truncation_side: "right", split_special_tokens: false };
  for (const [key, value] of Object.entries(wanted)) {
    if (config[key] === undefined || config[key] === value) continue;
    throw new ModelError(
      `${path}: ${key} is ${shownValue(config[key])}, wanted ${shownValue(value)}`,
    );
  }
}

/** Transformers writes 1e30 for "no limit"; the text encoder's own limit is used then. */
function maxLength(value: unknown): number {
  const usable = typeof value === "number" && Number.isInteger(value) && value >= 2 &&
    value <= 4096;
  return usable ? value : CLIP_POSITIONS;
}
