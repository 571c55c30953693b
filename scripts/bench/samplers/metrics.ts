/** Metrics of convergence to the sequential sample. @module */

/**
 * Returns the first round (from 1) after which the error stays at or below `threshold`, `undefined`
 * if the last error is above it. A trajectory may pass near the sample by chance, so touching the
 * threshold once does not count.
 */
export function roundsTo(errors: readonly number[], threshold: number): number | undefined {
  const last = errors.findLastIndex((error) => !(error <= threshold));
  return last === errors.length - 1 ? undefined : last + 2;
}

/** Arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
