/**
 * Sums over long rows, by two or four partial sums: in V8 a loop with a single sum is about ten
 * times slower, and partial sums have smaller rounding errors.
 * @module
 */

/** Σ a². */
export function sumOfSquares(a: Float64Array): number {
  const whole = a.length - a.length % 4;
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (let i = 0; i < whole; i += 4) {
    s0 += a[i] * a[i];
    s1 += a[i + 1] * a[i + 1];
    s2 += a[i + 2] * a[i + 2];
    s3 += a[i + 3] * a[i + 3];
  }
  for (let i = whole; i < a.length; i++) s0 += a[i] * a[i];
  return (s0 + s1) + (s2 + s3);
}

/** Root of the mean of squares. */
export function rms(a: Float64Array): number {
  return Math.sqrt(sumOfSquares(a) / a.length);
}

/** Σ (a − b)² and Σ (a − b)·a, in one loop over both rows. */
export function differenceProducts(
  a: Float64Array,
  b: Float64Array,
): { square: number; dot: number } {
  const whole = a.length - a.length % 2;
  let square0 = 0, square1 = 0, dot0 = 0, dot1 = 0;
  for (let i = 0; i < whole; i += 2) {
    const a0 = a[i], a1 = a[i + 1];
    const d0 = a0 - b[i], d1 = a1 - b[i + 1];
    square0 += d0 * d0;
    square1 += d1 * d1;
    dot0 += d0 * a0;
    dot1 += d1 * a1;
  }
  for (let i = whole; i < a.length; i++) {
    square0 += (a[i] - b[i]) * (a[i] - b[i]);
    dot0 += (a[i] - b[i]) * a[i];
  }
  return { square: square0 + square1, dot: dot0 + dot1 };
}

/** Σ (a − b)(c − d). */
export function differencesDot(
  [a, b]: readonly [Float64Array, Float64Array],
  [c, d]: readonly [Float64Array, Float64Array],
): number {
  const whole = a.length - a.length % 4;
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (let i = 0; i < whole; i += 4) {
    s0 += (a[i] - b[i]) * (c[i] - d[i]);
    s1 += (a[i + 1] - b[i + 1]) * (c[i + 1] - d[i + 1]);
    s2 += (a[i + 2] - b[i + 2]) * (c[i + 2] - d[i + 2]);
    s3 += (a[i + 3] - b[i + 3]) * (c[i + 3] - d[i + 3]);
  }
  for (let i = whole; i < a.length; i++) s0 += (a[i] - b[i]) * (c[i] - d[i]);
  return (s0 + s1) + (s2 + s3);
}
