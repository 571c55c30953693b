/** Arithmetic on shapes that a file claims. @module */

/** Most dimensions that are read, numpy's own limit until version 2. */
export const MAX_RANK = 32;

/**
 * Number of bytes of a C-ordered array, or `undefined` where the count is no exact integer in a
 * double (2^53 or more), zero-sized dimensions left out of the product: `[0, 2^52, 2^52]` is
 * refused as well, since other readers multiply in other orders.
 *
 * @param shape non-negative safe integers; `[]` is a scalar
 * @param itemSize bytes of one element
 */
export function byteLengthOf(shape: readonly number[], itemSize: number): number | undefined {
  let bytes = itemSize;
  let empty = false;
  for (const size of shape) {
    if (size === 0) empty = true;
    else bytes *= size;
    if (!Number.isSafeInteger(bytes)) return undefined;
  }
  return empty ? 0 : bytes;
}
