/** Resizes images. imagescript only repeats or drops pixels, which distorts fine detail. @module */
import type { Image } from "./image.ts";

/** Source pixels of a target pixel, and their weights. */
interface Tap {
  start: number;
  weights: Float64Array;
}

/**
 * Resizes with a triangle filter, Pillow's `BILINEAR`: linear interpolation when enlarging, a
 * weighted average when shrinking.
 */
export function resizeImage(
  { width, height, data }: Image,
  to: { width: number; height: number },
): Image {
  const across = taps(width, to.width);
  const wide = new Float32Array(to.width * height * 3);
  for (let y = 0, out = 0; y < height; y++) {
    for (const tap of across) {
      for (let c = 0; c < 3; c++) wide[out++] = blend(data, tap, (y * width) * 3 + c, 3);
    }
  }
  const row = to.width * 3;
  const result = new Uint8Array(row * to.height);
  taps(height, to.height).forEach((tap, y) => {
    for (let i = 0; i < row; i++) result[y * row + i] = Math.round(blend(wide, tap, i, row));
  });
  return { ...to, data: result };
}

function blend(
  values: ArrayLike<number>,
  { start, weights }: Tap,
  offset: number,
  stride: number,
): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i] * values[offset + (start + i) * stride];
  }
  return sum;
}

function taps(from: number, to: number): Tap[] {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.floor(centre - reach));
    const end = Math.min(from, Math.ceil(centre + reach));
    const weights = Float64Array.from(
      { length: end - start },
      (_, j) => Math.max(0, 1 - Math.abs(start + j + 0.5 - centre) / reach),
    );
    const sum = weights.reduce((a, b) => a + b);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}
