/**
 * Finds added tokens in a text before the rest is split into words, as Hugging Face's `tokenizers`
 * does: the leftmost match first, and the longest of those at one position.
 * @module
 */

/** A token that is matched as a whole. */
export interface AddedToken {
  /** Its text. */
  content: string;
  /** Its id. */
  id: number;
  /** Match the normalized text with the normalized token, instead of the original text. */
  normalized: boolean;
  /** The match includes white space before it. */
  lstrip: boolean;
  /** The match includes white space after it. */
  rstrip: boolean;
  /** Match only if no letter, digit or underscore is next to it. */
  singleWord: boolean;
}

/** A piece of a text: a token's id, or text without added tokens. */
export type Piece = string | number;

/** Finds added tokens in texts. */
export class AddedTokenFinder {
  readonly #normalize: (text: string) => string;
  readonly #plain: Search;
  readonly #normalized: Search;

  /**
   * @param tokens the tokens
   * @param normalize the tokenizer's normalization before it splits a text into words
   */
  constructor(tokens: readonly AddedToken[], normalize: (text: string) => string) {
    this.#normalize = normalize;
    const textOf = (token: AddedToken) =>
      token.normalized ? normalize(token.content) : token.content;
    const search = (normalized: boolean): Search => {
      const own = tokens.filter((token) => token.normalized === normalized);
      // Of tokens with the same normalized text the first is matched; `tokenizers` may match any.
      const byText = new Map(own.toReversed().map((token) => [textOf(token), token]));
      byText.delete("");
      return { byText, pattern: patternOf([...byText.keys()]) };
    };
    this.#plain = search(false);
    this.#normalized = search(true);
  }

  /** Splits a text into ids of added tokens and the normalized text between them. */
  split(text: string): Piece[] {
    return splitBy(text, this.#plain).flatMap((piece) =>
      typeof piece === "number" ? [piece] : splitBy(this.#normalize(piece), this.#normalized)
    );
  }
}

interface Search {
  byText: ReadonlyMap<string, AddedToken>;
  /** `undefined` without tokens. */
  pattern: RegExp | undefined;
}

/** Alternatives with the longest first, because the first one that matches is used. */
function patternOf(texts: readonly string[]): RegExp | undefined {
  if (texts.length === 0) return undefined;
  const longestFirst = texts.toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((text) => RegExp.escape(text)).join("|"), "gu");
}

function splitBy(text: string, { byText, pattern }: Search): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const { 0: found, index } of pattern ? text.matchAll(pattern) : []) {
    const token = byText.get(found)!;
    let [start, stop] = [index, index + found.length];
    if (token.singleWord && (hasWordBefore(text, start) || hasWordAfter(text, stop))) continue;
    while (token.lstrip && start > end && isSpace(text[start - 1])) start--;
    while (token.rstrip && stop < text.length && isSpace(text[stop])) stop++;
    if (start > end) pieces.push(text.slice(end, start));
    pieces.push(token.id);
    end = stop;
  }
  if (end < text.length) pieces.push(text.slice(end));
  return pieces;
}

/** Every white space character is one UTF-16 unit. */
function isSpace(unit: string): boolean {
  return /\p{White_Space}/u.test(unit);
}

function hasWordBefore(text: string, end: number): boolean {
  return /[\p{L}\p{M}\p{N}\p{Pc}]$/u.test(text.slice(Math.max(0, end - 2), end));
}

function hasWordAfter(text: string, start: number): boolean {
  return /^[\p{L}\p{M}\p{N}\p{Pc}]/u.test(text.slice(start, start + 2));
}
