/**
 * The number of rows of a call.
 * @module
 */

/** Limits of the calls of a batch. */
export interface CallLimits {
  /** Largest number of rows per call. */
  readonly maxRows?: number;
  /** Sizes to which calls are padded, for devices whose first run of a size is slow. */
  readonly buckets?: readonly number[];
  /** Batch size of a network that only takes one. */
  readonly frozenBatch?: number;
  /** Evaluates each row in its own call, filled with copies if the batch is frozen. */
  readonly alone?: boolean;
}

/**
 * Number of rows of the next call.
 *
 * @param count rows to be evaluated
 * @param deviceLimit largest number of rows per call on the device
 * @returns the rows, and the size to which they are padded; 0 for no padding
 */
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
  // Equal calls, instead of a small one at the end.
  const rows = Math.ceil(count / Math.ceil(count / most));
  const fitting = usable.filter((size) => size >= rows);
  return { rows, padded: fitting.length > 0 ? Math.min(...fitting) : 0 };
}

/**
 * Sizes for shares of up to `rows` rows, halved down to one: at most half of a call is padding.
 */
export function bucketSizes(rows: number): number[] {
  const sizes = [rows];
  while (sizes.at(-1)! > 1) sizes.push(Math.ceil(sizes.at(-1)! / 2));
  return sizes;
}
