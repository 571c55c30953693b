/** Arithmetic on untrusted shapes. @module */

/** Most dimensions that are accepted, numpy's limit until version 2. */
export const MAX_RANK = 32;

/**
 * Returns the bytes of a C-ordered array, `undefined` if the count is 2^53 or more. Zeros are left
 * out of that product: `[0, 2^52, 2^52]` is refused too, since other readers multiply in another
 * order.
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
