/**
 * Reads the files of a CLIP tokenizer folder as diffusers writes it: `vocab.json`, `merges.txt`, and, where present,
 * `special_tokens_map.json` and `tokenizer_config.json`.
 * @module
 */

import { join } from "node:path";
import { ModelError } from "../errors.ts";
import { shown, shownValue } from "../formats/shown.ts";

/** What the four files say. */
export interface ClipVocabulary {
  /** Token (bytes spelt in GPT-2's printable alphabet) to id. */
  vocab: Record<string, number>;
  /** Pairs of tokens to join, the most urgent first. */
  merges: [string, string][];
  /** Token before the text. */
  bosToken: string;
  /** Token after the text. */
  eosToken: string;
  /** Token that fills the rest: `<|endoftext|>` in Stable Diffusion 1, `!` in 2. */
  padToken: string;
  /** Token for what the vocabulary lacks. */
  unkToken: string;
  /** Ids in a row, `bos` and `eos` included. */
  maxLength: number;
}

/** Positions of every CLIP text encoder; stands where the configuration names no usable length. */
const CLIP_POSITIONS = 77;
const REQUIRED = ["vocab.json", "merges.txt"] as const;

/**
 * Reads a tokenizer folder.
 *
 * @param folder path of the folder, usually `<model>/tokenizer`
 * @returns the vocabulary, checked: ids are unique integers, both sides of every merge and its result are tokens, special
 * tokens are in the vocabulary
 * @throws {ModelError} a file is missing (all missing ones are named) or malformed (file and, in merges.txt, line)
 */
export async function readClipVocabulary(folder: string): Promise<ClipVocabulary> {
  const [vocabText, mergesText] = await Promise.all(REQUIRED.map((name) => read(folder, name)));
  if (vocabText === undefined || mergesText === undefined) {
    const missing = REQUIRED.filter((_, i) => [vocabText, mergesText][i] === undefined);
    throw new ModelError(`read the tokenizer ${folder}: no ${missing.join(", no ")}`, {
      hint: `a CLIP tokenizer folder holds ${REQUIRED.join(" and ")}`,
    });
  }
  const vocab = parseVocab(vocabText, join(folder, "vocab.json"));
  const merges = parseMerges(mergesText, vocab, join(folder, "merges.txt"));
  const config = await readSettings(folder);
  const token = (name: string, otherwise: string): string => {
    const content = tokenContent(config[name]) ?? otherwise;
    if (Object.hasOwn(vocab, content)) return content;
    const what = `${name} ${shown(content)} of ${folder}`;
    throw new ModelError(`read the tokenizer: ${what} is not in vocab.json`);
  };
  const eosToken = token("eos_token", "<|endoftext|>");
  return {
    vocab,
    merges,
    bosToken: token("bos_token", "<|startoftext|>"),
    eosToken,
    padToken: token("pad_token", eosToken),
    unkToken: token("unk_token", eosToken),
    maxLength: maxLength(config["model_max_length"]),
  };
}

async function read(folder: string, name: string): Promise<string | undefined> {
  const path = join(folder, name);
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ModelError(`read ${path}: not UTF-8`, { cause });
  }
}

function parseObject(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(`read ${path}: not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new ModelError(`read ${path}: a JSON object was expected`);
}

function parseVocab(text: string, path: string): Record<string, number> {
  const vocab = parseObject(text, path);
  const owners = new Map<number, string>();
  for (const [token, id] of Object.entries(vocab)) {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id > 0x7fffffff) {
      const met = `token ${shown(token)} has id ${shownValue(id)}`;
      throw new ModelError(`read ${path}: ${met}, wanted an integer from 0 to 2^31-1`);
    }
    const owner = owners.get(id);
    if (owner !== undefined) {
      const both = `${shown(owner)} and ${shown(token)}`;
      throw new ModelError(`read ${path}: tokens ${both} share the id ${id}`);
    }
    owners.set(id, token);
  }
  if (owners.size === 0) throw new ModelError(`read ${path}: no tokens`);
  return vocab as Record<string, number>;
}

function parseMerges(
  text: string,
  vocab: Record<string, number>,
  path: string,
): [string, string][] {
  const merges: [string, string][] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || (index === 0 && line.startsWith("#version"))) continue;
    const fail = (what: string): never => {
      throw new ModelError(`read ${path}: line ${index + 1}: ${what}`);
    };
    const parts = line.split(" ");
    if (parts.length !== 2 || parts.includes("")) {
      fail(`${shown(line)} is not two tokens separated by one space`);
    }
    const [left, right] = parts;
    const unknown = [left, right, left + right].find((token) => !Object.hasOwn(vocab, token));
    if (unknown !== undefined) fail(`${shown(unknown)} is not in vocab.json`);
    merges.push([left, right]);
  }
  return merges;
}

/** `tokenizer_config.json` overlaid by `special_tokens_map.json`; either may be absent. */
async function readSettings(folder: string): Promise<Record<string, unknown>> {
  const names = ["tokenizer_config.json", "special_tokens_map.json"];
  const parts = await Promise.all(names.map(async (name) => {
    const text = await read(folder, name);
    return text === undefined ? {} : parseObject(text, join(folder, name));
  }));
  const settings: Record<string, unknown> = { ...parts[0], ...parts[1] };
  const kind = settings["tokenizer_class"];
  if (typeof kind === "string" && !/^CLIPTokenizer(Fast)?$/.test(kind)) {
    throw new ModelError(`read the tokenizer ${folder}: ${kind} met, CLIPTokenizer wanted`);
  }
  return settings;
}

/** A special token is spelt as a string or as an object with `content`. */
function tokenContent(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return undefined;
  const content = (value as { content?: unknown }).content;
  return typeof content === "string" ? content : undefined;
}

/** Transformers writes 1e30 for "no limit"; the text encoder has its own. */
function maxLength(value: unknown): number {
  const usable = typeof value === "number" && Number.isInteger(value) && value >= 2 &&
    value <= 4096;
  return usable ? value : CLIP_POSITIONS;
}
