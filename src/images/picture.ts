/** Pictures as PNG bytes. imagescript encodes; it is imported when first needed, since it needs permissions at import. @module */

import { Buffer } from "node:buffer";
import { PermissionError } from "../errors.ts";
import { verifyPng } from "../formats/image/png.ts";
import type { Picture } from "../models/vae.ts";

/** zlib's highest level: pictures are small, files are kept. */
const COMPRESSION = 9;

/**
 * Imports the encoder; called early, it fails for want of a permission before any work is done.
 *
 * @throws {PermissionError} naming the flag; imagescript asks for `--allow-ffi` and `--allow-env=IMAGESCRIPT_WASM_SIMD`
 */
export async function loadEncoder(): Promise<typeof import("imagescript")> {
  try {
    return await import("imagescript");
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

/** PNG bytes of a picture. */
export async function encodePng(picture: Picture): Promise<Uint8Array> {
  const { Image } = await loadEncoder();
  const image = new Image(picture.width, picture.height);
  const { bitmap } = image;
  for (let from = 0, to = 0; from < picture.data.length; from += 3, to += 4) {
    bitmap[to] = picture.data[from];
    bitmap[to + 1] = picture.data[from + 1];
    bitmap[to + 2] = picture.data[from + 2];
    bitmap[to + 3] = 255;
  }
  return withoutText(await image.encode(COMPRESSION));
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

/** Options of {@link contactSheet}. */
export interface ContactSheetOptions {
  /** Pictures in a row. */
  columns: number;
  /** Pixels between pictures and around them. */
  gap?: number;
}

/** All pictures on one light grey sheet, row by row. All must have the first one's size. */
export function contactSheet(
  pictures: readonly Picture[],
  { columns, gap = 2 }: ContactSheetOptions,
): Picture {
  if (pictures.length === 0) throw new RangeError("contactSheet() needs at least one picture");
  const { width, height } = pictures[0];
  const rows = Math.ceil(pictures.length / columns);
  const across = Math.min(columns, pictures.length);
  const sheet: Picture = {
    width: across * (width + gap) + gap,
    height: rows * (height + gap) + gap,
    data: new Uint8Array(0),
  };
  sheet.data = new Uint8Array(sheet.width * sheet.height * 3).fill(224);
  pictures.forEach((picture, i) => {
    if (picture.width !== width || picture.height !== height) {
      throw new RangeError(
        `picture ${i} is ${picture.width}x${picture.height}, the first ${width}x${height}`,
      );
    }
    const left = gap + (i % columns) * (width + gap);
    const top = gap + Math.floor(i / columns) * (height + gap);
    for (let y = 0; y < height; y++) {
      const row = picture.data.subarray(y * width * 3, (y + 1) * width * 3);
      sheet.data.set(row, ((top + y) * sheet.width + left) * 3);
    }
  });
  return sheet;
}
