/** Ends of a range of numbers. `Math.max(...values)` overflows the stack at about 120,000 of them. @module */

/** The largest number, -Infinity of none. */
export function highest(values: Iterable<number>): number {
  let most = -Infinity;
  for (const value of values) most = Math.max(most, value);
  return most;
}

/** The smallest number, Infinity of none. */
export function lowest(values: Iterable<number>): number {
  let least = Infinity;
  for (const value of values) least = Math.min(least, value);
  return least;
}
