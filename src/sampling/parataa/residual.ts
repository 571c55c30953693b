/**
 * One step of the sweep that computes residuals; see {@link file://./parataa.ts} for the equations.
 * @module
 */

/** Factors of the sweep at step t; `reach` is the product of c from t to t+k−1. */
export type SweepFactors = Record<"c" | "d" | "n" | "reach", number>;

/** Rows of the sweep at step t. */
export interface SweepRows {
  /** x_(t+1). */
  xAbove: Float64Array;
  /** x_t. */
  x: Float64Array;
  /** ξ_t; any row of finite numbers where n is 0. */
  xi: Float64Array;
  /** ε_t, replaced by r_t. */
  r: Float64Array;
  /** R_(t+1), zeros at the top. */
  orderAbove: Float64Array;
  /** r_(t+k), zeros above the window. */
  dropped: Float64Array;
  /** Where R_t goes. */
  order: Float64Array;
  /**
   * Where x_t + R_t goes. At the top of the window it is the step itself, bit for bit as sequential
   * sampling computes it.
   */
  image: Float64Array;
}

/** Writes r_t, R_t and x_t + R_t. */
export function sweep({ c, d, n, reach }: SweepFactors, rows: SweepRows): void {
  const { xAbove, x, xi, r, orderAbove, dropped, order, image } = rows;
  for (let i = 0; i < r.length; i++) {
    const next = c * xAbove[i] + d * r[i] + n * xi[i];
    const first = next - x[i];
    const beyond = c * orderAbove[i] - reach * dropped[i];
    r[i] = first;
    order[i] = first + beyond;
    image[i] = next + beyond;
  }
}
