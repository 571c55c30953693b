/**
 * One step of the sweep that computes residuals, by the equations of {@link file://./parataa.ts}.
 * @module
 */

/** Factors of the sweep at step t; `cProduct` is the product of c from t to t+k−1. */
export type SweepFactors = Record<"c" | "d" | "n" | "cProduct", number>;

/** Rows of the sweep at step t. */
export interface SweepRows {
  /** x_(t+1). */
  input: Float64Array;
  /** x_t. */
  x: Float64Array;
  /** ξ_t; any row of finite numbers if n is 0. */
  xi: Float64Array;
  /** ε_t, replaced by r_t. */
  r: Float64Array;
  /** R_(t+1), zeros at the top of the window. */
  residualAbove: Float64Array;
  /** r_(t+k), zeros above the window. */
  dropped: Float64Array;
  /** Output: R_t. */
  residual: Float64Array;
  /**
   * Output: x_t + R_t. At the top of the window it equals the sequential step bit for bit.
   */
  image: Float64Array;
}

/** Writes r_t, R_t and x_t + R_t. */
export function sweep({ c, d, n, cProduct }: SweepFactors, rows: SweepRows): void {
  const { input, x, xi, r, residualAbove, dropped, residual, image } = rows;
  for (let i = 0; i < r.length; i++) {
    const next = c * input[i] + d * r[i] + n * xi[i];
    const first = next - x[i];
    const higherOrder = c * residualAbove[i] - cProduct * dropped[i];
    r[i] = first;
    residual[i] = first + higherOrder;
    image[i] = next + higherOrder;
  }
}
