/** Pictures of a sample as one small file: side by side, for a page that shows one at a time. @module */
import { encodeIndexedPng } from "../formats/image/indexed_png.ts";
import type { Picture } from "../models/vae.ts";
import { resizePicture } from "../images/resize_picture.ts";
import { fewColours } from "./few_colours.ts";

/** A file for a page. */
export interface SmallImage {
  /** `data:image/png;base64,…` */
  uri: string;
  /** Pixels of one picture. */
  width: number;
  height: number;
  /** Pictures side by side. */
  count: number;
}

/** Longest side of a picture on a page, in pixels. */
const SIDE = 64;

/** Puts pictures of one size side by side, large ones smaller. */
export function strip(pictures: readonly Picture[]): SmallImage {
  const [first] = pictures;
  const scale = Math.min(1, SIDE / Math.max(first.width, first.height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const [width, height] = [side(first.width), side(first.height)];
  const count = pictures.length, across = width * count;
  const data = new Uint8Array(3 * across * height);
  pictures.forEach((picture, i) => {
    const small = scale < 1 ? resizePicture(picture, { width, height }) : picture;
    for (let y = 0; y < height; y++) {
      const row = small.data.subarray(3 * y * width, 3 * (y + 1) * width);
      data.set(row, 3 * (y * across + i * width));
    }
  });
  return { uri: pngUri({ width: across, height, data }), width, height, count };
}

/** A picture in few colours as a data URI. */
export function pngUri(picture: Picture): string {
  return `data:image/png;base64,${encodeIndexedPng(fewColours(picture)).toBase64()}`;
}
