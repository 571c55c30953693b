/** Decodes JPEG with imagescript, which is loaded on first use. @module */
import process from "node:process";
import { FormatError, PermissionError } from "../errors.ts";
import { verifyJpeg } from "./jpeg.ts";
import { withPlainColours } from "./jpeg_colours.ts";
import type { RgbaImage } from "./png_pixels.ts";

/**
 * Decodes a JPEG to RGBA, with colours by libjpeg's rules.
 *
 * @param bytes the image without trailing bytes
 * @throws {FormatError} when its data are damaged
 * @throws {PermissionError} when the decoder's files may not be read, or native code may not run
 */
export async function decodeJpeg(bytes: Uint8Array, file: string): Promise<RgbaImage> {
  try {
    const { Image } = await loadDecoder();
    const image = await Image.decode(withPlainColours(bytes, verifyJpeg(bytes, { file })));
    return { width: image.width, height: image.height, data: Uint8Array.from(image.bitmap) };
  } catch (cause) {
    const hint = missingPermission(cause);
    if (hint) {
      throw new PermissionError(`cannot load the JPEG decoder for ${file}`, { hint, cause });
    }
    throw new FormatError(`${file}: its JPEG data cannot be decoded`, {
      hint: "save it as PNG",
      cause,
    });
  }
}

/**
 * imagescript reads an environment variable on import; an empty environment avoids the permission.
 */
async function loadDecoder(): Promise<typeof import("npm:imagescript@1.3.1")> {
  const { env } = process;
  process.env = {};
  try {
    return await import("npm:imagescript@1.3.1");
  } finally {
    process.env = env;
  }
}

/**
 * Deno's message on a missing permission in the causes of an error: imagescript wraps it in its own
 * errors.
 */
function missingPermission(error: unknown): string | undefined {
  return String(error).match(/Requires \w+ access.*/)?.[0];
}
