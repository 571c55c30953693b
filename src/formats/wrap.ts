/** Wraps text to a limited width. @module */

/** Width of a standard terminal, in columns. */
export const COLUMNS = 80;

/** A space at which no line is broken. {@link wrap} replaces it by a plain one. */
export const NO_BREAK = "\u00a0";

/**
 * Returns lines of at most `width` characters, broken at spaces. A longer word has its own line, a
 * text that fits is not changed.
 */
export function wrap(text: string, width: number = COLUMNS): string[] {
  if (text.length <= width && !text.includes("\n")) return [text.replaceAll(NO_BREAK, " ")];
  const lines: string[] = [];
  for (const word of text.split(/ +|\n/)) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.map((line) => line.replaceAll(NO_BREAK, " "));
}
