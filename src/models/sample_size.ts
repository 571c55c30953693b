/** Size of the latents that a UNet was trained on. @module */
import { ModelError } from "../errors.ts";
import type { JsonObject } from "../formats/json.ts";
import { shownValue } from "../text.ts";

/** Stable Diffusion v1's. */
const DEFAULT = 64;

/**
 * One side of `sample_size` of `unet/config.json`: a number for both sides, or `[height, width]`;
 * 64 where the key is absent.
 *
 * @throws {ModelError} when it is neither
 */
export function sampleSize({ sample_size: size }: JsonObject, side: "height" | "width"): number {
  const value = Array.isArray(size) && size.length === 2 ? size[side === "height" ? 0 : 1] : size;
  if (value === undefined) return DEFAULT;
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw new ModelError(
    `sample_size of unet/config.json is ${shownValue(size)}, needed is a whole number or two, ` +
      "[height, width]",
    { hint: (name) => `${name("height")} and ${name("width")} take its place` },
  );
}
