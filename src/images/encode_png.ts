/** Encodes images as PNG. @module */
import { PNG as untyped } from "npm:pngjs@7.0.0";
import type { Image } from "./image.ts";

/** An image as pngjs has it. */
interface RgbaImage {
  width: number;
  height: number;
  data: Uint8Array;
}

/** The used part of pngjs, which has no types. */
interface PngJs {
  sync: { write(image: RgbaImage, options: object): Uint8Array };
}

const PNG: PngJs = untyped;

/** RGB with zlib's highest level, since images are small and kept. */
const OPTIONS = { colorType: 2, deflateLevel: 9 };

/** Encodes an image as 8-bit RGB PNG. Equal pixels give equal bytes. */
export function encodePng({ width, height, data: rgb }: Image): Uint8Array {
  const data = new Uint8Array(width * height * 4);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    data[to] = rgb[from];
    data[to + 1] = rgb[from + 1];
    data[to + 2] = rgb[from + 2];
    data[to + 3] = 255;
  }
  // A plain object: every `new PNG()` opens a zlib stream of 280 KB that Deno never frees.
  return PNG.sync.write({ width, height, data }, OPTIONS);
}
