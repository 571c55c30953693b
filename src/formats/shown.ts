/** Values of untrusted files as they appear in messages. @module */

const MAX_SHOWN = 80;

/**
 * Quotes a hostile string for a one-line message: control, bidirectional and other invisible characters come out as escapes, so a tensor
 * name can neither add a line to stderr nor drive a terminal; long ones are cut.
 *
 * @param text any string, well-formed or not
 * @returns a quoted string of at most about 80 characters of the original
 */
export function shown(text: string): string {
  return escapeInvisible(JSON.stringify(cut(text)));
}

/**
 * Any value of untrusted JSON as JSON, a text as {@linkcode shown} does. `String()` throws on an object that inherits nothing, as
 * {@linkcode readJson} makes them.
 */
export function shownValue(value: unknown): string {
  if (typeof value === "string") return shown(value);
  return escapeInvisible(cut(JSON.stringify(value) ?? "nothing"));
}

/** Escapes what could add a line, hide text or drive a terminal. */
export function escapeInvisible(text: string): string {
  return text.replace(
    /(?! )[\p{C}\p{Z}]/gu,
    (char) => char.replace(/[^]/g, (unit) => `\\u${hex4(unit.charCodeAt(0))}`),
  );
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function hex4(unit: number): string {
  return unit.toString(16).padStart(4, "0");
}
