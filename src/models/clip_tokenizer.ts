/**
 * CLIP's byte-pair tokenizer, as the text encoders of Stable Diffusion want it: a row of 77 ids, begun by `bos`, ended
 * by `eos`, filled with the pad token.
 *
 * The merging is done by `@huggingface/tokenizers`, which is loaded when the first tokenizer is. Around it stand NFC and a
 * lower-casing per code point, so that ids equal those of transformers' `CLIPTokenizer`: JavaScript lower-cases a whole
 * string by context, and a capital sigma that ends a word would come out as another letter.
 * @module
 */

import type { Tokenizer } from "@huggingface/tokenizers";
import { type ClipVocabulary, readClipVocabulary } from "./clip_vocabulary.ts";

/** A text as ids. */
export interface ClipTokens {
  /** `maxLength` ids: bos, the text, eos, padding. */
  ids: number[];
  /** What did not fit, as the network would have read it (lower case); `undefined` when all of it did. */
  truncated: string | undefined;
}

/** How OpenAI's CLIP cuts a text into words, then, as transformers does it, GPT-2's cut of each word. */
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
  /** Ids in a row. */
  readonly maxLength: number;
  /** Id before the text. */
  readonly bosId: number;
  /** Id after the text. */
  readonly eosId: number;
  /** Id that fills the row. */
  readonly padId: number;
  /** One more than the largest id: what the text encoder must accept. */
  readonly vocabSize: number;
  readonly #tokenizer: Tokenizer;

  private constructor(tokenizer: Tokenizer, vocabulary: ClipVocabulary) {
    const { vocab } = vocabulary;
    this.#tokenizer = tokenizer;
    this.maxLength = vocabulary.maxLength;
    this.bosId = vocab[vocabulary.bosToken];
    this.eosId = vocab[vocabulary.eosToken];
    this.padId = vocab[vocabulary.padToken];
    this.vocabSize = Object.values(vocab).reduce((most, id) => Math.max(most, id), 0) + 1;
  }

  /**
   * Reads a tokenizer folder (`vocab.json`, `merges.txt`, …; a `tokenizer.json` is not needed).
   *
   * @param folder path of the folder, usually `<model>/tokenizer`
   * @throws {ModelError} a file is missing or malformed
   */
  static async load(folder: string): Promise<ClipTokenizer> {
    const vocabulary = await readClipVocabulary(folder);
    const { Normalizer, Tokenizer } = await import("@huggingface/tokenizers");
    class ClipNormalizer extends Normalizer {
      normalize(text: string): string {
        // The space, which the cut into words drops, keeps a lower-cased "<|ENDOFTEXT|>" from passing for the token.
        return `${normalizeClipText(text)} `;
      }
    }
    const tokenizer = new Tokenizer(tokenizerJson(vocabulary), {});
    tokenizer.normalizer = new ClipNormalizer({ type: "NFC" });
    return new ClipTokenizer(tokenizer, vocabulary);
  }

  /**
   * Turns a text into a row of ids.
   *
   * @param text any text; lone surrogates count as U+FFFD
   * @returns the ids, and what of the text did not fit: tell the user
   */
  encode(text: string): ClipTokens {
    const all = this.#tokenizer.encode(text, { add_special_tokens: false }).ids;
    const room = this.maxLength - 2;
    const ids = [this.bosId, ...all.slice(0, room), this.eosId];
    while (ids.length < this.maxLength) ids.push(this.padId);
    return { ids, truncated: all.length > room ? this.#decode(all.slice(room)) : undefined };
  }

  #decode(ids: number[]): string {
    return this.#tokenizer.decode(ids, { clean_up_tokenization_spaces: false }).trim();
  }
}

/** NFC, then lower case code point by code point, as Rust's `char::to_lowercase` does it. */
function normalizeClipText(text: string): string {
  let lower = "";
  for (const character of text.normalize("NFC")) lower += character.toLowerCase();
  return lower;
}

/** The `tokenizer.json` that transformers builds from the same files. */
function tokenizerJson(vocabulary: ClipVocabulary): object {
  const { vocab, merges, bosToken, eosToken, padToken, unkToken } = vocabulary;
  const split = (pattern: string) => ({
    type: "Split",
    pattern: { Regex: pattern },
    behavior: "Removed",
    invert: true,
  });
  return {
    // Found whole in a text before anything else; in Stable Diffusion 2 that holds for the pad token "!" too.
    added_tokens: [...new Set([bosToken, eosToken, padToken, unkToken])].map((content) => ({
      id: vocab[content],
      content,
      special: true,
    })),
    normalizer: null, // ClipNormalizer takes its place
    pre_tokenizer: {
      type: "Sequence",
      // The library's own second cut takes U+FEFF for a space; PARTS is that cut with Unicode's White_Space.
      pretokenizers: [split(WORDS), split(PARTS), { type: "ByteLevel", use_regex: false }],
    },
    model: { type: "BPE", vocab, merges, unk_token: unkToken, end_of_word_suffix: "</w>" },
    post_processor: null,
    decoder: { type: "ByteLevel" },
  };
}
