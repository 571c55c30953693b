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

/** What the files say. */
export interface ClipVocabulary extends ClipTables {
  /** Tokens that are found whole in a text. */
  addedTokens: AddedToken[];
  /** Id before the text. */
  bosId: number;
  /** Id after the text. */
  eosId: number;
  /** Id that fills the rest: that of `<|endoftext|>` in Stable Diffusion 1, of `!` in 2. */
  padId: number;
  /** Token for what the vocabulary lacks. */
  unkToken: string;
  /** Ids in a row, `bos` and `eos` included. */
  maxLength: number;
}

/** Reads a file of the tokenizer's folder; `undefined` where it is absent. */
export type ReadTokenizerFile = (name: string) => Promise<Uint8Array | undefined>;

/** Positions of every CLIP text encoder; stands where the configuration names no usable length. */
const CLIP_POSITIONS = 77;

/**
 * Reads a tokenizer folder.
 *
 * @param folder path of the folder, for errors
 * @param read gives its files
 * @returns the vocabulary, checked: ids are unique integers, both sides of every merge and its
 * result are tokens, special tokens are in the vocabulary or are added to it
 * @throws {ModelError} a file is missing (all missing ones are named) or malformed (file and, in
 * merges.txt, line)
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
    throw new ModelError(`read ${path}: not UTF-8`, { cause });
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

/** Refuses settings that would give other ids. */
function checkConfig(config: Record<string, unknown>, folder: string): void {
  const path = join(folder, "tokenizer_config.json");
  const kind = config.tokenizer_class;
  if (typeof kind === "string" && !/^CLIPTokenizer(Fast)?$/.test(kind)) {
    throw new ModelError(
      `read the tokenizer ${folder}: ${shown(kind)} met, CLIPTokenizer wanted`,
    );
  }
  const wanted = { padding_side: "right", truncation_side: "right", split_special_tokens: false };
  for (const [key, value] of Object.entries(wanted)) {
    if (config[key] === undefined || config[key] === value) continue;
    throw new ModelError(
      `read ${path}: ${key} is ${shownValue(config[key])}, wanted ${shownValue(value)}`,
    );
  }
}

/** Transformers writes 1e30 for "no limit"; the text encoder has its own. */
function maxLength(value: unknown): number {
  const usable = typeof value === "number" && Number.isInteger(value) && value >= 2 &&
    value <= 4096;
  return usable ? value : CLIP_POSITIONS;
}
