/**
 * The loops of TQN over one row each. V8 makes scalar code of them, so that a round costs what they
 * read and multiply; fused into one, they run out of registers and are slower.
 * @module
 */

/** What the network said: rows of an x_(t+1) and of ε. */
export type Evaluation = Readonly<Record<"input" | "output", Float64Array>>;

/** The last three evaluations of a step, the newest first. */
export type Known = readonly [Evaluation, Evaluation, Evaluation];

/**
 * A step's factors, and its rows: x_(t+1), ε at it, ξ_t (any row of finite numbers where n is 0)
 * and x_t.
 */
export type Learned =
  & Record<"c" | "d" | "n", number>
  & Record<"above" | "epsilon" | "xi" | "x", Float64Array>;

/**
 * Keeps an evaluation; returns Σ (c x_(t+1) + d ε + n ξ − x_t)². Two partial sums, see
 * {@link file://../reductions.ts}.
 */
export function learn(
  { c, d, n, above, epsilon, xi, x }: Learned,
  { input, output }: Evaluation,
): number {
  const whole = x.length - x.length % 2;
  let sum0 = 0, sum1 = 0;
  for (let i = 0; i < whole; i += 2) {
    const x0 = above[i], x1 = above[i + 1], e0 = epsilon[i], e1 = epsilon[i + 1];
    const r0 = c * x0 + d * e0 + n * xi[i] - x[i];
    const r1 = c * x1 + d * e1 + n * xi[i + 1] - x[i + 1];
    sum0 += r0 * r0;
    sum1 += r1 * r1;
    input[i] = x0;
    input[i + 1] = x1;
    output[i] = e0;
    output[i + 1] = e1;
  }
  for (let i = whole; i < x.length; i++) {
    const r = c * above[i] + d * epsilon[i] + n * xi[i] - x[i];
    sum0 += r * r;
    input[i] = above[i];
    output[i] = epsilon[i];
  }
  return sum0 + sum1;
}

/** Products that a new x and a new evaluation bring in. */
export type NewProducts = Record<
  "dd" | "a1dd" | "a2dd" | "y1dd" | "y2dd" | "a1y1" | "a2y1",
  number
>;

/**
 * With dd = x − X_0, a_1 = X_0 − X_1, a_2 = X_1 − X_2, and y_1, y_2 the same of the outputs: their
 * products with dd and y_1.
 */
export function newProducts(
  x: Float64Array,
  [{ input: x0, output: e0 }, { input: x1, output: e1 }, { input: x2, output: e2 }]: Known,
): NewProducts {
  let dd = 0, a1dd = 0, a2dd = 0, y1dd = 0, y2dd = 0, a1y1 = 0, a2y1 = 0;
  for (let i = 0; i < x.length; i++) {
    const d = x[i] - x0[i];
    const a1 = x0[i] - x1[i], a2 = x1[i] - x2[i], y1 = e0[i] - e1[i], y2 = e1[i] - e2[i];
    dd += d * d;
    a1dd += a1 * d;
    a2dd += a2 * d;
    y1dd += y1 * d;
    y2dd += y2 * d;
    a1y1 += a1 * y1;
    a2y1 += a2 * y1;
  }
  return { dd, a1dd, a2dd, y1dd, y2dd, a1y1, a2y1 };
}

/** Σ (c a_1 + d y_1)². */
export function squaredStretch(
  { c, d }: Record<"c" | "d", number>,
  [{ input: x0, output: e0 }, { input: x1, output: e1 }]: Known,
): number {
  let square = 0;
  for (let i = 0; i < x0.length; i++) {
    const moved = c * (x0[i] - x1[i]) + d * (e0[i] - e1[i]);
    square += moved * moved;
  }
  return square;
}

/** Rows of which x_t is a sum: what is known of its step, x_(t+1) and x_(t+2). */
export interface PredictionRows extends Record<"above" | "beyond" | "x", Float64Array> {
  known: Known;
}

/**
 * Writes x_t without its noise; weights as of {@link file://./prediction.ts}. They come in an array
 * of numbers, since V8 gives up compiled code when the kind of an object's field changes. The walk
 * is from the end, which {@link newProducts} left in the cache.
 */
export function combine(
  weights: Float64Array,
  { known, above, beyond, x }: PredictionRows,
): void {
  const [{ input: x0, output: e0 }, { input: x1, output: e1 }, { input: x2, output: e2 }] = known;
  const [u0, u1, u2, v0, v1, v2, w0, w1] = weights;
  for (let i = x.length - 1; i >= 0; i--) {
    x[i] = (u0 * e0[i] + u1 * e1[i] + u2 * e2[i]) + (v0 * x0[i] + v1 * x1[i] + v2 * x2[i]) +
      (w0 * above[i] + w1 * beyond[i]);
  }
}

/** Adds u a + v b. */
export function addWeighted(
  [u, v]: readonly [number, number],
  [a, b]: readonly [Float64Array, Float64Array],
  out: Float64Array,
): void {
  for (let i = 0; i < out.length; i++) out[i] += u * a[i] + v * b[i];
}
