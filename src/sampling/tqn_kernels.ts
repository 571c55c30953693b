/**
 * The loops of TQN over one row each.
 * @module
 */

/** An evaluation of step t, its coefficients, and where it is kept. */
export interface Learned extends Record<"c" | "d" | "n", number> {
  /** The input x_(t+1) and the answer ε. */
  above: Float64Array;
  epsilon: Float64Array;
  /** ξ_t (any row of finite numbers where n is 0) and x_t. */
  xi: Float64Array;
  x: Float64Array;
  /** The evaluation before this one, replaced by it. */
  input: Float64Array;
  output: Float64Array;
}

/** Where the difference between two evaluations goes. */
export interface LearnedPair extends Learned {
  move: Float64Array;
  change: Float64Array;
  /** The move of the pair before. */
  moveBefore: Float64Array;
}

/** Keeps an evaluation; returns Σ (c x_(t+1) + d ε + n ξ − x_t)². */
export function learn({ c, d, n, above, epsilon, xi, x, input, output }: Learned): number {
  let square = 0;
  for (let i = 0; i < x.length; i++) {
    const r = c * above[i] + d * epsilon[i] + n * xi[i] - x[i];
    square += r * r;
  }
  input.set(above);
  output.set(epsilon);
  return square;
}

/**
 * The same, and keeps how the input and the output differ from those before; returns the products of the output's change with the
 * move and with the one before, too.
 */
export function learnPair(
  { c, d, n, above, epsilon, xi, x, input, output, move, change, moveBefore }: LearnedPair,
): Record<"squaredResidual" | "product" | "productBefore", number> {
  let squaredResidual = 0, product = 0, productBefore = 0;
  for (let i = 0; i < x.length; i++) {
    const x0 = above[i], e0 = epsilon[i];
    const r = c * x0 + d * e0 + n * xi[i] - x[i];
    const a = x0 - input[i], y = e0 - output[i];
    squaredResidual += r * r;
    product += a * y;
    productBefore += moveBefore[i] * y;
    move[i] = a;
    change[i] = y;
    input[i] = x0;
    output[i] = e0;
  }
  return { squaredResidual, product, productBefore };
}

/** Two rows, the newer first. */
export type Two = readonly [Float64Array, Float64Array];

/** What is known of a step: its last evaluation, and how the two pairs of evaluations before differ. */
export interface Known {
  input: Float64Array;
  output: Float64Array;
  moves: Two;
  changes: Two;
}

/** With dd = x − input, moves a and changes y: the products dd·dd, a1·dd, a2·dd, y1·dd, y2·dd. */
export function moveProducts(
  x: Float64Array,
  { input, moves: [a1, a2], changes: [y1, y2] }: Known,
): Record<"dd" | "a1dd" | "a2dd" | "y1dd" | "y2dd", number> {
  let dd = 0, a1dd = 0, a2dd = 0, y1dd = 0, y2dd = 0;
  for (let i = 0; i < x.length; i++) {
    const d = x[i] - input[i];
    dd += d * d;
    a1dd += a1[i] * d;
    a2dd += a2[i] * d;
    y1dd += y1[i] * d;
    y2dd += y2[i] * d;
  }
  return { dd, a1dd, a2dd, y1dd, y2dd };
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

/** Rows of a prediction: what is known of the step, x_(t+1), and where D and x_t go. */
export interface PredictionRows extends Known {
  above: Float64Array;
  /** D of the step above, replaced by this step's. */
  clean: Float64Array;
  x: Float64Array;
}

/** Predicts ε at x_(t+1), then writes D and x_t without its noise. At the evaluated input, ε is the evaluated output exactly. */
export function predict(
  { c, d, s, q, slope, pairs: [g1, g2], mirrored: [h1, h2], trust }: Prediction,
  { input, output, moves: [a1, a2], changes: [y1, y2], above, clean, x }: PredictionRows,
): void {
  const distrust = (1 - trust) / s, perQ = 1 / q;
  const u = trust * slope, v1 = trust * g1, v2 = trust * g2;
  const w1 = trust * (h1 - slope * g1), w2 = trust * (h2 - slope * g2);
  for (let i = 0; i < x.length; i++) {
    const from = above[i];
    const e = trust * output[i] + u * (from - input[i]) + (v1 * y1[i] + v2 * y2[i]) +
      (w1 * a1[i] + w2 * a2[i]) + distrust * (from - q * clean[i]);
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
