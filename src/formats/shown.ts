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
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return JSON.stringify(cut).replace(
    /(?! )[\p{C}\p{Z}]/gu,
    (char) => char.replace(/[^]/g, (unit) => `\\u${hex4(unit.charCodeAt(0))}`),
  );
}

/**
 * Quotes any value of untrusted JSON, a text as {@linkcode shown} does. `String()` throws on an object that inherits nothing, as
 * {@linkcode readJson} makes them.
 */
export function shownValue(value: unknown): string {
  return shown(typeof value === "string" ? value : JSON.stringify(value) ?? "nothing");
}

function hex4(unit: number): string {
  return unit.toString(16).padStart(4, "0");
}
