/** Encodes images as PNG. @module */
import { PNG as untyped } from "npm:pngjs@7.0.0";
import type { Image } from "./image.ts";

/** The used part of pngjs, which has no types; it stores RGBA. */
interface PngJs {
  new (size: { width: number; height: number }): { data: Uint8Array };
  sync: { write(png: { data: Uint8Array }, options: object): Uint8Array };
}

const PNG: PngJs = untyped;

/** RGB with zlib's highest level, since images are small and kept. */
const OPTIONS = { colorType: 2, deflateLevel: 9 };

/** Encodes an image as 8-bit RGB PNG. Equal pixels give equal bytes. */
export function encodePng({ width, height, data }: Image): Uint8Array {
  const png = new PNG({ width, height });
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    png.data[to] = data[from];
    png.data[to + 1] = data[from + 1];
    png.data[to + 2] = data[from + 2];
    png.data[to + 3] = 255;
  }
  return PNG.sync.write(png, OPTIONS);
}
