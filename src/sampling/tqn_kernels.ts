/**
 * The loops of TQN over one row each. Sums run side by side in pairs, as {@link file://./reductions.ts} explains.
 * @module
 */

/** Rows of an evaluation of step t, and its coefficients. */
export interface Learned extends Record<"c" | "d" | "n", number> {
  /** The input x_(t+1) and the answer ε. */
  above: Float64Array;
  epsilon: Float64Array;
  /** The evaluation before this one. */
  inputBefore: Float64Array;
  outputBefore: Float64Array;
  /** Where the input and the answer are kept. */
  input: Float64Array;
  output: Float64Array;
  /** ξ_t (any row of finite numbers where n is 0) and x_t. */
  xi: Float64Array;
  x: Float64Array;
}

/** Keeps an evaluation; returns the product of the moves of input and output, and Σ (c x_(t+1) + d ε + n ξ − x_t)². */
export function learn(
  { c, d, n, above, epsilon, inputBefore, outputBefore, input, output, xi, x }: Learned,
): { product: number; squaredResidual: number } {
  const whole = x.length - x.length % 2;
  let product0 = 0, product1 = 0, square0 = 0, square1 = 0;
  for (let i = 0; i < whole; i += 2) {
    const x0 = above[i], x1 = above[i + 1], e0 = epsilon[i], e1 = epsilon[i + 1];
    const r0 = c * x0 + d * e0 + n * xi[i] - x[i];
    const r1 = c * x1 + d * e1 + n * xi[i + 1] - x[i + 1];
    product0 += (x0 - inputBefore[i]) * (e0 - outputBefore[i]);
    product1 += (x1 - inputBefore[i + 1]) * (e1 - outputBefore[i + 1]);
    square0 += r0 * r0;
    square1 += r1 * r1;
    input[i] = x0;
    input[i + 1] = x1;
    output[i] = e0;
    output[i + 1] = e1;
  }
  for (let i = whole; i < x.length; i++) {
    const r = c * above[i] + d * epsilon[i] + n * xi[i] - x[i];
    product0 += (above[i] - inputBefore[i]) * (epsilon[i] - outputBefore[i]);
    square0 += r * r;
    input[i] = above[i];
    output[i] = epsilon[i];
  }
  return { product: product0 + product1, squaredResidual: square0 + square1 };
}

/** With dd = x − p0, a1 = p0 − p1, a2 = p1 − p2: the products dd·dd, a1·dd, a2·dd. */
export function moveProducts(
  x: Float64Array,
  [p0, p1, p2]: readonly [Float64Array, Float64Array, Float64Array],
): Record<"dd" | "a1dd" | "a2dd", number> {
  const whole = x.length - x.length % 2;
  let dd0 = 0, dd1 = 0, first0 = 0, first1 = 0, second0 = 0, second1 = 0;
  for (let i = 0; i < whole; i += 2) {
    const d0 = x[i] - p0[i], d1 = x[i + 1] - p0[i + 1];
    dd0 += d0 * d0;
    dd1 += d1 * d1;
    first0 += (p0[i] - p1[i]) * d0;
    first1 += (p0[i + 1] - p1[i + 1]) * d1;
    second0 += (p1[i] - p2[i]) * d0;
    second1 += (p1[i + 1] - p2[i + 1]) * d1;
  }
  for (let i = whole; i < x.length; i++) {
    const d = x[i] - p0[i];
    dd0 += d * d;
    first0 += (p0[i] - p1[i]) * d;
    second0 += (p1[i] - p2[i]) * d;
  }
  return { dd: dd0 + dd1, a1dd: first0 + first1, a2dd: second0 + second1 };
}

/** With y1 = e0 − e1, y2 = e1 − e2: the products of y1 and y2 with the move x − p0. */
export function outputProducts(
  x: Float64Array,
  p0: Float64Array,
  [e0, e1, e2]: readonly [Float64Array, Float64Array, Float64Array],
): Record<"y1dd" | "y2dd", number> {
  const whole = x.length - x.length % 2;
  let first0 = 0, first1 = 0, second0 = 0, second1 = 0;
  for (let i = 0; i < whole; i += 2) {
    const d0 = x[i] - p0[i], d1 = x[i + 1] - p0[i + 1];
    first0 += (e0[i] - e1[i]) * d0;
    first1 += (e0[i + 1] - e1[i + 1]) * d1;
    second0 += (e1[i] - e2[i]) * d0;
    second1 += (e1[i + 1] - e2[i + 1]) * d1;
  }
  for (let i = whole; i < x.length; i++) {
    const d = x[i] - p0[i];
    first0 += (e0[i] - e1[i]) * d;
    second0 += (e1[i] - e2[i]) * d;
  }
  return { y1dd: first0 + first1, y2dd: second0 + second1 };
}

/** Scalars of a prediction at step t; see {@link file://./tqn.ts}. */
export interface Prediction extends Record<"c" | "d" | "s" | "q", number> {
  /** β/s. */
  slope: number;
  /** Coefficients of the secant pairs. */
  pairs: readonly [number, number];
  /** Coefficients of the pairs' moves that symmetry adds; zeros without. */
  mirrored: readonly [number, number];
  /** θ. */
  trust: number;
}

/** Rows of a prediction: evaluated inputs and outputs, newest first, x_(t+1), and where D and x_t go. */
export interface PredictionRows {
  inputs: readonly [Float64Array, Float64Array, Float64Array];
  outputs: readonly [Float64Array, Float64Array, Float64Array];
  above: Float64Array;
  /** D of the step above, replaced by this step's. */
  clean: Float64Array;
  x: Float64Array;
}

/** Predicts ε at x_(t+1), then writes D and x_t without its noise. At the evaluated input, ε is the evaluated output exactly. */
export function predict(
  { c, d, s, q, slope, pairs: [g1, g2], mirrored: [h1, h2], trust }: Prediction,
  { inputs: [p0, p1, p2], outputs: [e0, e1, e2], above, clean, x }: PredictionRows,
): void {
  const distrust = (1 - trust) / s, perQ = 1 / q;
  for (let i = 0; i < x.length; i++) {
    const from = above[i], newestX = p0[i], olderX = p1[i], newestE = e0[i], olderE = e1[i];
    const move1 = newestX - olderX, move2 = olderX - p2[i];
    const beyond = from - newestX - g1 * move1 - g2 * move2;
    const secant = newestE + g1 * (newestE - olderE) + g2 * (olderE - e2[i]) + slope * beyond +
      (h1 * move1 + h2 * move2);
    const e = trust * secant + distrust * (from - q * clean[i]);
    clean[i] = (from - s * e) * perQ;
    x[i] = c * from + d * e;
  }
}

/** The step for a frozen x_0-prediction D, without any evaluation: ε = (x_(t+1) − q D)/s. Writes x_t without its noise. */
export function jump(
  { c, d, s, q }: Record<"c" | "d" | "s" | "q", number>,
  { above, clean, x }: Pick<PredictionRows, "above" | "clean" | "x">,
): void {
  for (let i = 0; i < x.length; i++) x[i] = c * above[i] + d * ((above[i] - q * clean[i]) / s);
}

/** x_t += n ξ_t. */
export function addNoise(n: number, xi: Float64Array, x: Float64Array): void {
  if (n === 0) return;
  for (let i = 0; i < x.length; i++) x[i] += n * xi[i];
}
