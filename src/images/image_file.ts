/** Recognises and validates an image file before it is decoded. @module */
import { FormatError } from "../errors.ts";
import { refuseForeign } from "../formats/foreign_file.ts";
import { verifyJpeg } from "./jpeg.ts";
import { PNG_SIGNATURE, verifyPng } from "./png.ts";

/** Result of {@link verifyImage}. */
export interface ImageFile {
  /** Format. */
  readonly kind: "png" | "jpeg";
  /** Width in pixels, as stored. */
  readonly width: number;
  /** Height in pixels, as stored. */
  readonly height: number;
  /** Exif orientation, 1 (as stored) to 8. */
  readonly orientation: number;
  /** Length of the image in bytes; the file may have trailing bytes. */
  readonly length: number;
}

/** Maximum side in pixels. */
const MAX_SIDE = 16_384;
/** Maximum number of pixels: 256 MB as RGBA. */
const MAX_PIXELS = 64e6;
const WIDTH_IN_PNG = 16;

/** Other formats that users may try, recognised by a text at an offset. */
const OTHERS: readonly (readonly [kind: string, offset: number, text: string])[] = [
  ["a GIF", 0, "GIF8"],
  ["a WebP", 8, "WEBP"],
  ["a BMP", 0, "BM"],
  ["a TIFF", 0, "II*\0"],
  ["a TIFF", 0, "MM\0*"],
  ["an AVIF or HEIC", 4, "ftyp"],
  ["an SVG or HTML page", 0, "<"],
  ["a PDF", 0, "%PDF"],
];

/**
 * Recognises and validates a PNG or JPEG without decoding its pixels.
 *
 * @param bytes the whole file
 * @param options `file` is the file name in messages
 * @throws {FormatError} naming the byte, when the file is of another kind, damaged, or larger than
 *   16384 pixels a side or 64 megapixels
 * @example
 * ```ts
 * import { verifyImage } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 * const gif = new TextEncoder().encode("GIF89a");
 * assert.throws(() => verifyImage(gif, { file: "cat.gif" }), /cat.gif: byte 0: looks like a GIF/);
 * ```
 */
export function verifyImage(bytes: Uint8Array, options: { file?: string } = {}): ImageFile {
  const file = options.file ?? "image data";
  if (PNG_SIGNATURE.every((byte, i) => bytes[i] === byte)) {
    const { width, height, orientation, length } = verifyPng(bytes, { file });
    expectSize({ width, height, offset: WIDTH_IN_PNG, file });
    return { kind: "png", width, height, orientation, length };
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    const { width, height, orientation, frameOffset, length } = verifyJpeg(bytes, { file });
    expectSize({ width, height, offset: frameOffset, file });
    return { kind: "jpeg", width, height, orientation, length };
  }
  refuseForeign(bytes, { file, wanted: "a PNG or JPEG image", own: ["image"] });
  throw new FormatError(`${file}: byte 0: ${describeStart(bytes)}, wanted a PNG or JPEG image`);
}

function describeStart(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  const other = OTHERS.find(([, offset, text]) => start.startsWith(text, offset));
  return other ? `looks like ${other[0]}` : "no known kind of image";
}

function expectSize(
  { width, height, offset, file }: {
    width: number;
    height: number;
    offset: number;
    file: string;
  },
): void {
  if (width <= MAX_SIDE && height <= MAX_SIDE && width * height <= MAX_PIXELS) return;
  throw new FormatError(
    `${file}: byte ${offset}: ${width}x${height} pixels, wanted at most ${MAX_SIDE} per side and ` +
      `${MAX_PIXELS / 1e6} million in total`,
  );
}
