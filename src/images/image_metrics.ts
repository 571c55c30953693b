/** Measures the similarity of two images. @module */
import type { Image } from "./image.ts";

/** Largest value of a channel. */
const PEAK = 255;
/**
 * Constants of Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment", 2004, section III-C.
 */
const K1 = 0.01, K2 = 0.03;
const WINDOW = 11, SIGMA = 1.5;
/** Luma of ITU-R BT.601; the paper compares grey images. */
const LUMA: readonly number[] = [0.299, 0.587, 0.114];

/**
 * Peak signal-to-noise ratio over all channels, in dB; `Infinity` for equal images.
 * @throws {RangeError} when the sizes differ
 */
export function psnr(a: Image, b: Image): number {
  checkSizes(a, b);
  let square = 0;
  for (let i = 0; i < a.data.length; i++) square += (a.data[i] - b.data[i]) ** 2;
  return 10 * Math.log10(PEAK ** 2 * a.data.length / square);
}

/**
 * Mean structural similarity of the luma, 1 for equal images (Wang et al. 2004): a Gaussian window
 * of 11×11 pixels, σ = 1.5, at every position inside the image, K1 = 0.01, K2 = 0.03, L = 255. For
 * a smaller image the window is the largest odd size that fits.
 *
 * @throws {RangeError} when the sizes differ
 */
export function ssim(a: Image, b: Image): number {
  checkSizes(a, b);
  const weights = gaussian(Math.min(a.width, a.height, WINDOW));
  const x = luma(a), y = luma(b);
  const size = { width: a.width, height: a.height };
  const mean = (f: (i: number) => number) => blur(x.map((_, i) => f(i)), size, weights);
  const meanX = mean((i) => x[i]), meanY = mean((i) => y[i]);
  const xx = mean((i) => x[i] ** 2), yy = mean((i) => y[i] ** 2), xy = mean((i) => x[i] * y[i]);
  const c1 = (K1 * PEAK) ** 2, c2 = (K2 * PEAK) ** 2;
  const sum = meanX.reduce((sum, mx, i) => {
    const my = meanY[i];
    const luminance = (2 * mx * my + c1) / (mx ** 2 + my ** 2 + c1);
    const structure = (2 * (xy[i] - mx * my) + c2) / (xx[i] - mx ** 2 + yy[i] - my ** 2 + c2);
    return sum + luminance * structure;
  }, 0);
  return sum / meanX.length;
}

function checkSizes(a: Image, b: Image): void {
  if (a.width === b.width && a.height === b.height) return;
  throw new RangeError(`a is ${a.width}x${a.height}, b is ${b.width}x${b.height}, wanted one size`);
}

function luma({ data }: Image): Float64Array {
  const grey = new Float64Array(data.length / 3);
  return grey.map((_, i) => LUMA.reduce((sum, weight, c) => sum + weight * data[3 * i + c], 0));
}

/** Weights of the largest odd window of at most `most` pixels; their sum is 1. */
function gaussian(most: number): Float64Array {
  const reach = Math.floor((most - 1) / 2);
  const weights = Float64Array.from(
    { length: 2 * reach + 1 },
    (_, i) => Math.exp(-((i - reach) ** 2) / (2 * SIGMA ** 2)),
  );
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

/** Weighted means over every window inside the image, columns first. */
function blur(
  values: Float64Array,
  { width, height }: { width: number; height: number },
  weights: Float64Array,
): Float64Array {
  const across = width - weights.length + 1, down = height - weights.length + 1;
  const columns = new Float64Array(width * down);
  for (let i = 0; i < columns.length; i++) {
    weights.forEach((weight, k) => columns[i] += weight * values[i + k * width]);
  }
  const result = new Float64Array(across * down);
  for (let i = 0; i < result.length; i++) {
    const from = Math.floor(i / across) * width + i % across;
    weights.forEach((weight, k) => result[i] += weight * columns[from + k]);
  }
  return result;
}
