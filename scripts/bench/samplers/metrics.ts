/** How fast a sample got to the sequential one, and means. @module */

/**
 * The first round (from 1) after which the error stays at or below `threshold`; `undefined` when
 * the last error is above it. A trajectory may pass near the sample by chance: touching the
 * threshold does not count.
 */
export function roundsTo(errors: readonly number[], threshold: number): number | undefined {
  const last = errors.findLastIndex((error) => !(error <= threshold));
  return last === errors.length - 1 ? undefined : last + 2;
}

/** Arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
