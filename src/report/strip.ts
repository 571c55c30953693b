/** Joins the images of a sample side by side into one small image. @module */
import { encodePng } from "../images/encode_png.ts";
import type { Image } from "../images/image.ts";
import { resizeImage } from "../images/resize_image.ts";

/** A strip of images for a page. */
export interface SmallImage {
  /** `data:image/png;base64,…` */
  uri: string;
  /** Width of one image in pixels. */
  width: number;
  height: number;
  /** Number of images. */
  count: number;
}

/** Maximum side of an image on a page, in pixels. */
const SIDE = 64;

/** Joins images of one size side by side, scaled down if large. */
export function strip(images: readonly Image[]): SmallImage {
  const [first] = images;
  const scale = Math.min(1, SIDE / Math.max(first.width, first.height));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  const [width, height] = [side(first.width), side(first.height)];
  const count = images.length, across = width * count;
  const data = new Uint8Array(3 * across * height);
  images.forEach((image, i) => {
    const small = scale < 1 ? resizeImage(image, { width, height }) : image;
    for (let y = 0; y < height; y++) {
      const row = small.data.subarray(3 * y * width, 3 * (y + 1) * width);
      data.set(row, 3 * (y * across + i * width));
    }
  });
  return { uri: pngUri({ width: across, height, data }), width, height, count };
}

/** Encodes an image as a data URI. */
export function pngUri(image: Image): string {
  return `data:image/png;base64,${encodePng(image).toBase64()}`;
}
