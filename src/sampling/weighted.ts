/**
 * Sums of weighted rows.
 * @module
 */

/** Writes u a + v b. */
export function weighted(
  [u, v]: readonly [number, number],
  [a, b]: readonly [Float64Array, Float64Array],
  out: Float64Array,
): void {
  for (let i = 0; i < out.length; i++) out[i] = u * a[i] + v * b[i];
}
