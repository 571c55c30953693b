/**
 * CLIP's byte-pair tokenizer for the text encoders of Stable Diffusion: a row of 77 ids with `bos`,
 * the text, `eos` and padding.
 *
 * `@huggingface/tokenizers` merges the tokens; it is loaded with the first tokenizer. Added tokens,
 * NFC and lower-casing per code point are applied before, so that ids equal those of transformers'
 * `CLIPTokenizer`: JavaScript lower-cases a whole string by context, which changes a capital sigma
 * at the end of a word to another letter.
 * @module
 */

import { join } from "node:path";
import type { Tokenizer } from "npm:@huggingface/tokenizers@0.2.0";
import { AddedTokenFinder } from "./added_tokens.ts";
import {
  type ClipVocabulary,
  readClipVocabulary,
  type ReadTokenizerFile,
} from "./clip_vocabulary.ts";

/** A text as ids. */
export interface ClipTokens {
  /** `maxLength` ids: bos, the text, eos, padding. */
  ids: number[];
  /**
   * The part of the text that did not fit, in lower case; `undefined` if all of it did.
   */
  truncated: string | undefined;
}

/**
 * Patterns that split a text into words as OpenAI's CLIP does, and then each word as GPT-2 does; as
 * in transformers.
 */
const WORDS = String
  .raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`;
const PARTS = String.raw`'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}+|[^\s\p{L}\p{N}]+`;

/**
 * Tokenizer of one model folder.
 *
 * @example
 * ```ts
 * import { ClipTokenizer } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const tokenizer = await ClipTokenizer.load("tests/fixtures/tokenizer");
 * const { ids, truncated } = tokenizer.encode("a cute dog");
 * assert.equal(ids.length, 77);
 * assert.equal(ids[0], tokenizer.bosId);
 * assert.equal(truncated, undefined);
 * ```
 */
export class ClipTokenizer {
  /** Number of ids in a row. */
  readonly maxLength: number;
  /** Id at the start of the row. */
  readonly bosId: number;
  /** Id after the text. */
  readonly eosId: number;
  /** Id that fills the row. */
  readonly padId: number;
  /** One more than the largest id; the text encoder needs at least this many rows. */
  readonly vocabSize: number;
  readonly #tokenizer: Tokenizer;
  readonly #finder: AddedTokenFinder;
  readonly #added: ReadonlyMap<number, string>;

  private constructor(tokenizer: Tokenizer, vocabulary: ClipVocabulary) {
    const { vocab, addedTokens } = vocabulary;
    this.#tokenizer = tokenizer;
    this.#finder = new AddedTokenFinder(addedTokens, normalizeClipText);
    this.#added = new Map(addedTokens.map(({ id, content }) => [id, content]));
    this.maxLength = vocabulary.maxLength;
    this.bosId = vocabulary.bosId;
    this.eosId = vocabulary.eosId;
    this.padId = vocabulary.padId;
    const ids = [...Object.values(vocab), ...this.#added.keys()];
    this.vocabSize = ids.reduce((most, id) => Math.max(most, id), 0) + 1;
  }

  /**
   * Reads a tokenizer folder: `tokenizer.json`, or `vocab.json` and `merges.txt`, and the files of
   * added and special tokens.
   *
   * @param folder path of the folder, usually `<model>/tokenizer`
   * @param options.read reads a file of the folder. Default: from the disk
   * @throws {ModelError} if a file is missing or malformed
   */
  static async load(
    folder: string,
    { read = (name) => readIfPresent(join(folder, name)) }: { read?: ReadTokenizerFile } = {},
  ): Promise<ClipTokenizer> {
    const vocabulary = await readClipVocabulary(folder, read);
    const { Tokenizer } = await import("npm:@huggingface/tokenizers@0.2.0");
    return new ClipTokenizer(new Tokenizer(tokenizerJson(vocabulary), {}), vocabulary);
  }

  /**
   * Encodes a text as a row of ids.
   *
   * @param text any text; lone surrogates count as U+FFFD
   * @returns the ids, and the part of the text that did not fit, to be shown to the user
   */
  encode(text: string): ClipTokens {
    const all = this.#finder.split(text.toWellFormed())
      .flatMap((piece) => typeof piece === "number" ? [piece] : this.#encodePlain(piece));
    const room = this.maxLength - 2;
    const ids = [this.bosId, ...all.slice(0, room), this.eosId];
    while (ids.length < this.maxLength) ids.push(this.padId);
    return { ids, truncated: all.length > room ? this.#decode(all.slice(room)) : undefined };
  }

  #encodePlain(text: string): number[] {
    return this.#tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  /** Text of ids, with spaces around added tokens. */
  #decode(ids: readonly number[]): string {
    const parts: string[] = [];
    let plain: number[] = [];
    const flush = () => {
      if (plain.length > 0) {
        parts.push(this.#tokenizer.decode(plain, { clean_up_tokenization_spaces: false }).trim());
      }
      plain = [];
    };
    for (const id of ids) {
      const added = this.#added.get(id);
      if (added === undefined) {
        plain.push(id);
        continue;
      }
      flush();
      parts.push(added);
    }
    flush();
    return parts.join(" ");
  }
}

async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}

/**
 * Applies NFC, replaces white space by single spaces, and lower-cases each code point as Rust's
 * `char::to_lowercase` does.
 */
function normalizeClipText(text: string): string {
  let lower = "";
  for (const character of text.normalize("NFC").replace(/\p{White_Space}+/gu, " ")) {
    lower += character.toLowerCase();
  }
  return lower;
}

/**
 * Configuration for the library: pre-tokenizers and tables, without added tokens.
 */
function tokenizerJson({ vocab, merges, unkToken }: ClipVocabulary): object {
  const split = (pattern: string) => ({
    type: "Split",
    pattern: { Regex: pattern },
    behavior: "Removed",
    invert: true,
  });
  return {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      // The library's second pattern treats U+FEFF as a space; PARTS uses Unicode's White_Space.
      pretokenizers: [split(WORDS), split(PARTS), { type: "ByteLevel", use_regex: false }],
    },
    model: { type: "BPE", vocab, merges, unk_token: unkToken, end_of_word_suffix: "</w>" },
    post_processor: null,
    decoder: { type: "ByteLevel" },
  };
}
