/** Images as PNG bytes. imagescript encodes; it is imported when first needed, since it needs permissions at import. @module */

import { Buffer } from "node:buffer";
import { PermissionError } from "../errors.ts";
import { verifyPng } from "../formats/image/png.ts";
import type { Image } from "./image.ts";

/** zlib's highest level: images are small, files are kept. */
const COMPRESSION = 9;

/**
 * Imports the encoder; called early, it fails for want of a permission before any work is done.
 *
 * @throws {PermissionError} naming the flag; imagescript asks for `--allow-ffi` and `--allow-env=IMAGESCRIPT_WASM_SIMD`
 */
export async function loadEncoder(): Promise<typeof import("npm:imagescript@1.3.1")> {
  try {
    return await import("npm:imagescript@1.3.1");
  } catch (cause) {
    const hint = missingPermission(cause);
    if (hint) {
      throw new PermissionError("cannot load imagescript, the PNG encoder", { hint, cause });
    }
    throw cause;
  }
}

/** Deno's words for a missing permission, where that lies under an error: imagescript wraps it in errors of its own. */
export function missingPermission(error: unknown): string | undefined {
  return String(error).match(/Requires \w+ access.*/)?.[0];
}

/** PNG bytes of an image. */
export async function encodePng(image: Image): Promise<Uint8Array> {
  const { Image } = await loadEncoder();
  const encoder = new Image(image.width, image.height);
  const { bitmap } = encoder;
  for (let from = 0, to = 0; from < image.data.length; from += 3, to += 4) {
    bitmap[to] = image.data[from];
    bitmap[to + 1] = image.data[from + 1];
    bitmap[to + 2] = image.data[from + 2];
    bitmap[to + 3] = 255;
  }
  return withoutText(await encoder.encode(COMPRESSION));
}

/** imagescript notes the time in every file; the same pixels must give the same bytes. */
function withoutText(png: Uint8Array): Uint8Array {
  const { chunks } = verifyPng(png);
  const ends = [...chunks.slice(1).map((chunk) => chunk.offset), png.length];
  const parts = [png.subarray(0, chunks[0].offset)];
  chunks.forEach((chunk, i) => {
    if (chunk.type !== "tEXt") parts.push(png.subarray(chunk.offset, ends[i]));
  });
  return Buffer.concat(parts);
}
