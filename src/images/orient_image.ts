/** Rotates and mirrors an image by its Exif orientation. @module */
import type { Image } from "./image.ts";

const MIRRORED_ACROSS: readonly number[] = [2, 3, 7, 8];
const MIRRORED_DOWN: readonly number[] = [3, 4, 6, 7];
const FIRST_TRANSPOSED = 5;

/**
 * The image in its upright orientation.
 *
 * @param orientation 1 (as stored) to 8
 */
export function orientImage(image: Image, orientation: number): Image {
  if (orientation === 1) return image;
  const { width, height, data } = image;
  const transposed = orientation >= FIRST_TRANSPOSED;
  const size = transposed ? { width: height, height: width } : { width, height };
  const result = new Uint8Array(data.length);
  for (let y = 0, out = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++, out += 3) {
      const [across, down] = transposed ? [y, x] : [x, y];
      const column = MIRRORED_ACROSS.includes(orientation) ? width - 1 - across : across;
      const row = MIRRORED_DOWN.includes(orientation) ? height - 1 - down : down;
      const from = (row * width + column) * 3;
      for (let c = 0; c < 3; c++) result[out + c] = data[from + c];
    }
  }
  return { ...size, data: result };
}
