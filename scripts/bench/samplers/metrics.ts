/** How far a sample is from the sequential one, and how fast it got there. @module */

/** rms(a − b) / rms(b). */
export function relativeRms(a: Float64Array, b: Float64Array): number {
  let difference = 0, square = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    square += b[i] ** 2;
  }
  return Math.sqrt(difference / square);
}

/** Peak signal-to-noise ratio of 8-bit pictures in dB; Infinity when they are equal. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) {
    throw new RangeError(`pictures have ${a.length} and ${b.length} bytes, wanted the same`);
  }
  const squares = a.reduce((sum, level, i) => sum + (level - b[i]) ** 2, 0);
  return 10 * Math.log10(255 ** 2 * a.length / squares);
}

/**
 * The first round (from 1) after which the error stays at or below `threshold`; `undefined` when the last error is above it. A
 * trajectory may pass near the sample by chance: touching the threshold does not count.
 */
export function roundsTo(errors: readonly number[], threshold: number): number | undefined {
  const last = errors.findLastIndex((error) => !(error <= threshold));
  return last === errors.length - 1 ? undefined : last + 2;
}

/** Arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
