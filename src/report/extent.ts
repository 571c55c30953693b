/**
 * Largest and smallest of a list of numbers. `Math.max(...values)` overflows the stack at about
 * 120,000 values.
 * @module
 */

/** The largest number; -Infinity for an empty list. */
export function highest(values: Iterable<number>): number {
  let most = -Infinity;
  for (const value of values) most = Math.max(most, value);
  return most;
}

/** The smallest number; Infinity for an empty list. */
export function lowest(values: Iterable<number>): number {
  let least = Infinity;
  for (const value of values) least = Math.min(least, value);
  return least;
}
