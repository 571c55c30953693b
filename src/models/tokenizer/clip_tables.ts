/**
 * Reads vocabulary and merges of a CLIP tokenizer from `tokenizer.json`, or from `vocab.json` and
 * `merges.txt`.
 * @module
 */
import { ModelError } from "../../errors.ts";
import { shown, shownValue } from "../../text.ts";

/** The tables of byte-pair encoding. */
export interface ClipTables {
  /** Ids by token; bytes are written in GPT-2's printable alphabet. */
  vocab: Record<string, number>;
  /** Pairs of tokens to merge, in the order of priority. */
  merges: [string, string][];
}

/** Parses a JSON object. @throws {ModelError} naming the file */
export function parseObject(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(`${path}: not JSON: ${(cause as Error).message}`, { cause });
  }
  if (isObject(value)) return value;
  throw new ModelError(`${path} is no JSON object`);
}

/** True if a parsed value is an object, neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Checks a table of tokens: ids are unique integers.
 *
 * @throws {ModelError} naming the file and the token
 */
export function checkVocab(vocab: Record<string, unknown>, path: string): Record<string, number> {
  const owners = new Map<number, string>();
  for (const [token, id] of Object.entries(vocab)) {
    expectId(token, id, path);
    const owner = owners.get(id);
    if (owner !== undefined) {
      const both = `${shown(owner)} and ${shown(token)}`;
      throw new ModelError(`${path}: tokens ${both} share the id ${id}`);
    }
    owners.set(id, token);
  }
  if (owners.size === 0) throw new ModelError(`${path}: no tokens`);
  return vocab as Record<string, number>;
}

/** Checks the id of a token. @throws {ModelError} naming the file and the token */
export function expectId(token: string, id: unknown, path: string): asserts id is number {
  if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id <= 0x7fffffff) return;
  const met = `token ${shown(token)} has id ${shownValue(id)}`;
  throw new ModelError(`${path}: ${met}, wanted an integer from 0 to 2^31-1`);
}

/** Reads `merges.txt`. @throws {ModelError} naming the file and the line */
export function parseMerges(
  text: string,
  vocab: Record<string, number>,
  path: string,
): [string, string][] {
  const merges: [string, string][] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || (index === 0 && line.startsWith("#version"))) continue;
    merges.push(checkMerge(line, vocab, `${path}: line ${index + 1}`));
  }
  return merges;
}

/**
 * Reads the tables of a `tokenizer.json`. Its normalizer, pre-tokenizer and decoder are ignored, as
 * in transformers, because a CLIP tokenizer has its own.
 *
 * @throws {ModelError} if it is another kind of tokenizer, or malformed
 */
export function tablesOf(json: Record<string, unknown>, path: string): ClipTables {
  const { model } = json;
  if (!isObject(model) || !isObject(model.vocab) || !Array.isArray(model.merges)) {
    throw new ModelError(`${path}: no model with vocab and merges, wanted byte-pair encoding`);
  }
  if (model.end_of_word_suffix !== "</w>") {
    const met = shownValue(model.end_of_word_suffix);
    throw new ModelError(
      `${path}: end_of_word_suffix is ${met}, wanted "</w>" of a CLIP tokenizer`,
    );
  }
  const vocab = checkVocab(model.vocab, path);
  const merges = model.merges.map((merge: unknown, index) => {
    const line = Array.isArray(merge) ? merge.join(" ") : merge;
    return checkMerge(String(line), vocab, `${path}: merge ${index + 1}`);
  });
  return { vocab, merges };
}

function checkMerge(
  line: string,
  vocab: Record<string, number>,
  where: string,
): [string, string] {
  const parts = line.split(" ");
  if (parts.length !== 2 || parts.includes("")) {
    throw new ModelError(`${where}: ${shown(line)} is not two tokens separated by one space`);
  }
  const [left, right] = parts;
  const unknown = [left, right, left + right].find((token) => !Object.hasOwn(vocab, token));
  if (unknown === undefined) return [left, right];
  throw new ModelError(`${where}: ${shown(unknown)} is not in the vocabulary`);
}
