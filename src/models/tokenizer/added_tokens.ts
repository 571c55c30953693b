/**
 * Tokens that a tokenizer finds whole in a text before it cuts the rest into words, as Hugging
 * Face's `tokenizers` finds them: the leftmost first, the longest of those that begin there.
 * @module
 */

/** One token beside the vocabulary's own cut. */
export interface AddedToken {
  /** Its text. */
  content: string;
  /** Its id. */
  id: number;
  /** Searched in the normalized text, its own text normalized, and not in the text as it is. */
  normalized: boolean;
  /** Takes the white space before it. */
  lstrip: boolean;
  /** Takes the white space behind it. */
  rstrip: boolean;
  /** Found only where no letter, digit or underscore touches it. */
  singleWord: boolean;
}

/** A piece of a text: a token's id, or text that holds none. */
export type Piece = string | number;

/** Finds added tokens in texts. */
export class AddedTokenFinder {
  readonly #normalize: (text: string) => string;
  readonly #plain: Search;
  readonly #normalized: Search;

  /**
   * @param tokens the tokens
   * @param normalize what the tokenizer does to a text before it cuts it into words
   */
  constructor(tokens: readonly AddedToken[], normalize: (text: string) => string) {
    this.#normalize = normalize;
    const textOf = (token: AddedToken) =>
      token.normalized ? normalize(token.content) : token.content;
    const search = (normalized: boolean): Search => {
      const own = tokens.filter((token) => token.normalized === normalized);
      // Of two that are the same text once normalized, the first one is found: `tokenizers` finds
      // either.
      const byText = new Map(own.toReversed().map((token) => [textOf(token), token]));
      byText.delete("");
      return { byText, pattern: patternOf([...byText.keys()]) };
    };
    this.#plain = search(false);
    this.#normalized = search(true);
  }

  /** Cuts a text into ids of added tokens and the normalized text between them. */
  split(text: string): Piece[] {
    return splitBy(text, this.#plain).flatMap((piece) =>
      typeof piece === "number" ? [piece] : splitBy(this.#normalize(piece), this.#normalized)
    );
  }
}

interface Search {
  byText: ReadonlyMap<string, AddedToken>;
  /** `undefined` where there is no token. */
  pattern: RegExp | undefined;
}

/** Longer ones first: a regular expression takes the first alternative that fits. */
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
    if (token.singleWord && (endsWord(text, start) || beginsWord(text, stop))) continue;
    while (token.lstrip && start > end && isSpace(text[start - 1])) start--;
    while (token.rstrip && stop < text.length && isSpace(text[stop])) stop++;
    if (start > end) pieces.push(text.slice(end, start));
    pieces.push(token.id);
    end = stop;
  }
  if (end < text.length) pieces.push(text.slice(end));
  return pieces;
}

/** White space is one UTF-16 unit each. */
function isSpace(unit: string): boolean {
  return /\p{White_Space}/u.test(unit);
}

function endsWord(text: string, end: number): boolean {
  return /[\p{L}\p{M}\p{N}\p{Pc}]$/u.test(text.slice(Math.max(0, end - 2), end));
}

function beginsWord(text: string, start: number): boolean {
  return /^[\p{L}\p{M}\p{N}\p{Pc}]/u.test(text.slice(start, start + 2));
}
