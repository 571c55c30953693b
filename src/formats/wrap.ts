/** Text in lines of a limited width. @module */

/** Columns of a terminal that everybody has. */
export const COLUMNS = 80;

/** A space at which no line is broken; {@link wrap} gives it back as a plain one. */
export const NO_BREAK = "\u00a0";

/**
 * Lines of at most `width` characters, broken at spaces; a longer word has a line of its own, a
 * text that fits stays as it is.
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
