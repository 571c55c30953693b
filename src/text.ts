/** Formats untrusted text for messages and terminals. @module */

/** Default length of {@linkcode shorten}. */
const MAX_SHOWN = 80;

/**
 * Control, format, private and unassigned characters, halves of surrogate pairs, separators other
 * than the space, and other invisible characters (fillers, variation selectors, the Braille blank).
 */
const INVISIBLE = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * Escapes characters that could add a line, hide text or control a terminal, as `\uXXXX`. The value
 * of JSON on one line does not change.
 *
 * @param text any string, well-formed or not
 */
export function escapeInvisible(text: string): string {
  return text.replace(INVISIBLE, (char) => char.replace(/[^]/g, (unit) => `\\u${hex4(unit)}`));
}

function hex4(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, "0");
}

/**
 * Cuts a text after `length` UTF-16 units, never inside a surrogate pair. A cut text ends in an
 * ellipsis.
 */
export function shorten(text: string, length: number = MAX_SHOWN): string {
  if (text.length <= length) return text;
  const split = /[\ud800-\udbff]/.test(text[length - 1]);
  return `${text.slice(0, split ? length - 1 : length)}…`;
}

/** Joins the lines of a text to one escaped line. */
export function oneLine(text: string): string {
  return escapeInvisible(text.replace(/\s*\n\s*/g, " ").trim());
}

/**
 * Quotes an untrusted string for a one-line message. It is shortened and escaped, so that a tensor
 * name can neither add a line to standard error nor control a terminal.
 *
 * @param text any string, well-formed or not
 * @returns a quoted string of at most 80 characters of the original
 */
export function shown(text: string): string {
  return escapeInvisible(JSON.stringify(shorten(text)));
}

/**
 * Formats a value of untrusted JSON; a text like {@linkcode shown}. `String()` would throw on
 * objects without a prototype, as returned by `readJson`.
 */
export function shownValue(value: unknown): string {
  if (typeof value === "string") return shown(value);
  if (typeof value === "number") return String(value); // JSON has no infinity
  return escapeInvisible(shorten(JSON.stringify(value) ?? "nothing"));
}

/** Formats a count: `1 sample`, `2 samples`. */
export function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Quotes a word if necessary: for a shell, or for `cmd.exe` and PowerShell on Windows. */
export function quoteWord(word: string): string {
  if (Deno.build.os === "windows") return quoteForWindows(word);
  return /^[\w@%+=:,./-][\w@%+=:,./~-]*$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Quotes a word for Windows, where programs parse their command line: `\"` is a quote, and
 * backslashes before a quote are doubled.
 */
function quoteForWindows(word: string): string {
  if (/^[\w@+=:,./\\-][\w@+=:,./\\~-]*$/.test(word)) return word;
  const escaped = word.replace(
    /(\\*)("|$)/g,
    (_, slashes, quote) => slashes + slashes + (quote && '\\"'),
  );
  return `"${escaped}"`;
}
