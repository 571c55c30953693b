/** Reads the size of the latents that a UNet was trained on. @module */
import { ModelError } from "../errors.ts";
import type { JsonValue } from "../formats/json.ts";
import { shownValue } from "../text.ts";

/** Size of Stable Diffusion 1's latents. */
const DEFAULT = 64;

/**
 * Returns one side of `sample_size` of `unet/config.json`: a number for both sides, or `[height,
 * width]`; 64 if the key is absent.
 *
 * @throws {ModelError} if it is neither
 */
export function sampleSize(
  { sample_size: size }: Readonly<Record<string, JsonValue | undefined>>,
  side: "height" | "width",
): number {
  const value = Array.isArray(size) && size.length === 2 ? size[side === "height" ? 0 : 1] : size;
  if (value === undefined) return DEFAULT;
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw new ModelError(
    `sample_size of unet/config.json is ${shownValue(size)}, wanted a whole number or two, ` +
      "[height, width]",
    { hint: (name) => `${name("height")} and ${name("width")} replace it` },
  );
}
