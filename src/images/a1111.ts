/**
 * The `parameters` text that Stable Diffusion tools keep in PNG files, in the form of AUTOMATIC1111's web UI: prompt, negative prompt,
 * then one line of `Name: value` pairs. Written for other programs' readers; parataa itself reads its own JSON chunk.
 * @module
 */

/** What {@link formatA1111} writes. */
export interface A1111Parameters {
  /** The prompt; may have several lines. */
  prompt: string;
  /** The negative prompt; left out where empty or absent. */
  negativePrompt?: string;
  /** Settings in order of appearance, e.g. `["Steps", 50]`; names are letters, digits, spaces, `-` and `/`. */
  fields: readonly (readonly [name: string, value: string | number])[];
}

/** Readers take a line for the settings only where it has at least this many. */
const FEWEST_FIELDS = 3;
const FIELD_NAME = /^[A-Za-z][\w /-]+$/;

/**
 * Formats generation parameters.
 *
 * @throws {RangeError} where a field's name could not be read back, or there are fewer than three fields
 *
 * @example
 * ```ts
 * import { formatA1111 } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const text = formatA1111({
 *   prompt: "black duck",
 *   negativePrompt: "blurry",
 *   fields: [["Steps", 50], ["Sampler", "DDIM"], ["Seed", 0], ["Model", "a, b"]],
 * });
 * assert.equal(
 *   text,
 *   'black duck\nNegative prompt: blurry\nSteps: 50, Sampler: DDIM, Seed: 0, Model: "a, b"',
 * );
 * ```
 */
export function formatA1111({ prompt, negativePrompt, fields }: A1111Parameters): string {
  if (fields.length < FEWEST_FIELDS) {
    throw new RangeError(`${fields.length} fields, readers need at least ${FEWEST_FIELDS}`);
  }
  const lines = [prompt];
  if (negativePrompt) lines.push(`Negative prompt: ${negativePrompt}`);
  lines.push(fields.map(([name, value]) => formatField(name, String(value))).join(", "));
  return lines.join("\n");
}

function formatField(name: string, value: string): string {
  if (!FIELD_NAME.test(name)) throw new RangeError(`field name ${JSON.stringify(name)}`);
  return `${name}: ${needsQuotes(value) ? JSON.stringify(value) : value}`;
}

/** Whether a bare value would be cut at a comma, taken for another field, trimmed, or lose its own quotes. */
function needsQuotes(value: string): boolean {
  return /[,:\n\r"\\]/.test(value) || value.trim() !== value || value === "";
}
