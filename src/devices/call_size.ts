/**
 * How many rows one call has.
 * @module
 */

/** What bounds the calls of a batch. */
export interface CallLimits {
  /** Most rows in one call. */
  readonly maxRows?: number;
  /**
   * Sizes to which calls are padded; a device that takes long over its first run of a size should
   * see few.
   */
  readonly buckets?: readonly number[];
  /** The one size that the network takes. */
  readonly frozenBatch?: number;
  /**
   * Gives every row a call of its own, filled with copies of it where the network's batch is
   * frozen.
   */
  readonly alone?: boolean;
}

/** Rows of the next call of `count`, and how many the network is given: 0 for just those. */
export function nextCall(
  count: number,
  { maxRows = Infinity, buckets = [], frozenBatch, alone = false }: CallLimits,
  deviceLimit: number,
): { rows: number; padded: number } {
  if (alone) return { rows: 1, padded: frozenBatch ?? 1 };
  if (frozenBatch !== undefined) return { rows: Math.min(count, frozenBatch), padded: frozenBatch };
  const limit = Math.min(maxRows, deviceLimit);
  const usable = buckets.filter((size) => size <= limit);
  const most = Math.min(count, usable.length > 0 ? Math.max(...usable) : limit);
  // As many calls as need be, and no small one at the end.
  const rows = Math.ceil(count / Math.ceil(count / most));
  const fitting = usable.filter((size) => size >= rows);
  return { rows, padded: fitting.length > 0 ? Math.min(...fitting) : 0 };
}

/**
 * Sizes for shares of up to `rows` rows: halves down to one, so that at most half of a call is
 * padding.
 */
export function bucketSizes(rows: number): number[] {
  const sizes = [rows];
  while (sizes.at(-1)! > 1) sizes.push(Math.ceil(sizes.at(-1)! / 2));
  return sizes;
}
