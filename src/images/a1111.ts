/**
 * Formats the `parameters` text that Stable Diffusion tools store in PNG files, as AUTOMATIC1111's
 * web UI does: prompt, negative prompt, then one line of `Name: value` pairs. It is for other
 * programs; parataa reads its own JSON chunk.
 * @module
 */

/** Input of {@link formatA1111}. */
export interface A1111Parameters {
  /** Prompt; may have several lines. */
  prompt: string;
  /** Negative prompt; omitted if empty. */
  negativePrompt?: string;
  /**
   * Settings in order, such as `["Steps", 50]`; names consist of letters, digits, spaces, `-` and
   * `/`.
   */
  fields: readonly (readonly [name: string, value: string | number])[];
}

/** Minimum number of fields that readers require in a line of settings. */
const MIN_FIELDS = 3;
const FIELD_NAME = /^[A-Za-z][\w /-]+$/;

/**
 * Formats generation parameters.
 *
 * @throws {RangeError} when the name of a field could not be parsed again, or there are fewer than
 *   three fields
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
  if (fields.length < MIN_FIELDS) {
    throw new RangeError(`${fields.length} fields, readers need at least ${MIN_FIELDS}`);
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

/**
 * Whether an unquoted value could not be parsed again: it has a comma, looks like a field, or has
 * quotes or outer spaces.
 */
function needsQuotes(value: string): boolean {
  return /[,:\n\r"\\]/.test(value) || value.trim() !== value || value === "";
}
