/**
 * The loops of TQN over rows, in plain TypeScript: the reference of those in WebAssembly
 * ({@link file://./wasm_kernels.ts}), which give the same bits, and what runs where there is no
 * WebAssembly.
 *
 * Every sum is the sum of the even elements plus that of the odd ones. Loops that run often keep
 * two partial sums, because V8 runs a loop with a single sum several times slower.
 * @module
 */

/** The loops of TQN. All rows of a call have the same length. */
export interface Kernels {
  weighted: typeof weighted;
  addWeighted: typeof addWeighted;
  storeEvaluation: typeof storeEvaluation;
  newProducts: typeof newProducts;
  squaredStretch: typeof squaredStretch;
  combine: typeof combine;
  carryError: typeof carryError;
  addMove: typeof addMove;
  cleanError: typeof cleanError;
}

/** One evaluation of the network: the rows x_(t+1) and ε. */
export type Evaluation = Readonly<Record<"input" | "output", Float64Array>>;

/** The last three evaluations of a step, newest first. */
export type History = readonly [Evaluation, Evaluation, Evaluation];

/**
 * A step's factors and rows: `input` is x_(t+1), `epsilon` is ε at it, `xi` is ξ_t (any row of
 * finite numbers where n is 0), `x` is x_t.
 */
export type NewEvaluation =
  & Record<"c" | "d" | "n", number>
  & Record<"input" | "epsilon" | "xi" | "x", Float64Array>;

/**
 * Copies an evaluation into `stored`; returns Σ (c x_(t+1) + d ε + n ξ − x_t)².
 */
export function storeEvaluation(
  { c, d, n, input, epsilon, xi, x }: NewEvaluation,
  stored: Evaluation,
): number {
  const { input: storedInput, output: storedOutput } = stored;
  const whole = x.length - x.length % 2;
  let sum0 = 0, sum1 = 0;
  for (let i = 0; i < whole; i += 2) {
    const x0 = input[i], x1 = input[i + 1], e0 = epsilon[i], e1 = epsilon[i + 1];
    const r0 = c * x0 + d * e0 + n * xi[i] - x[i];
    const r1 = c * x1 + d * e1 + n * xi[i + 1] - x[i + 1];
    sum0 += r0 * r0;
    sum1 += r1 * r1;
    storedInput[i] = x0;
    storedInput[i + 1] = x1;
    storedOutput[i] = e0;
    storedOutput[i + 1] = e1;
  }
  for (let i = whole; i < x.length; i++) {
    const r = c * input[i] + d * epsilon[i] + n * xi[i] - x[i];
    sum0 += r * r;
    storedInput[i] = input[i];
    storedOutput[i] = epsilon[i];
  }
  return sum0 + sum1;
}

/** The products that change with a new x or a new evaluation. */
export type NewProducts = Record<
  "dd" | "a1dd" | "a2dd" | "y1dd" | "y2dd" | "a1y1" | "a2y1",
  number
>;

/**
 * Products with dd and y_1, for dd = x − X_0, a_1 = X_0 − X_1, a_2 = X_1 − X_2, and y_1, y_2 the
 * same differences of the outputs.
 */
export function newProducts(x: Float64Array, history: History): NewProducts {
  const even = productsFrom(0, x, history), odd = productsFrom(1, x, history);
  return {
    dd: even.dd + odd.dd,
    a1dd: even.a1dd + odd.a1dd,
    a2dd: even.a2dd + odd.a2dd,
    y1dd: even.y1dd + odd.y1dd,
    y2dd: even.y2dd + odd.y2dd,
    a1y1: even.a1y1 + odd.a1y1,
    a2y1: even.a2y1 + odd.a2y1,
  };
}

/** The products over every second element. With twice the sums registers would run out. */
function productsFrom(
  first: 0 | 1,
  x: Float64Array,
  [{ input: x0, output: e0 }, { input: x1, output: e1 }, { input: x2, output: e2 }]: History,
): NewProducts {
  let dd = 0, a1dd = 0, a2dd = 0, y1dd = 0, y2dd = 0, a1y1 = 0, a2y1 = 0;
  for (let i = first; i < x.length; i += 2) {
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
  [{ input: x0, output: e0 }, { input: x1, output: e1 }]: History,
): number {
  const sums = [0, 0];
  for (let i = 0; i < x0.length; i++) {
    const move = c * (x0[i] - x1[i]) + d * (e0[i] - e1[i]);
    sums[i % 2] += move * move;
  }
  return sums[0] + sums[1];
}

/** The rows of a prediction: the step's history, x_(t+1), x_(t+2), and x_t to be written. */
export interface PredictionRows extends Record<"input" | "inputAbove" | "x", Float64Array> {
  history: History;
}

/**
 * Writes x_t without its noise, by the weights of {@link file://../tqn/prediction.ts}. They are an
 * array because V8 deoptimises when the type of an object's field changes. The loop runs from the
 * end, which {@link newProducts} left in the cache.
 */
export function combine(
  weights: Float64Array,
  { history, input, inputAbove, x }: PredictionRows,
): void {
  const [{ input: x0, output: e0 }, { input: x1, output: e1 }, { input: x2, output: e2 }] = history;
  const [u0, u1, u2, v0, v1, v2, w0, w1] = weights;
  for (let i = x.length - 1; i >= 0; i--) {
    x[i] = (u0 * e0[i] + u1 * e1[i] + u2 * e2[i]) + (v0 * x0[i] + v1 * x1[i] + v2 * x2[i]) +
      (w0 * input[i] + w1 * inputAbove[i]);
  }
}

/** Writes u a + v b. */
export function weighted(
  [u, v]: readonly [number, number],
  [a, b]: readonly [Float64Array, Float64Array],
  out: Float64Array,
): void {
  for (let i = 0; i < out.length; i++) out[i] = u * a[i] + v * b[i];
}

/** Adds u a + v b. */
export function addWeighted(
  [u, v]: readonly [number, number],
  [a, b]: readonly [Float64Array, Float64Array],
  out: Float64Array,
): void {
  for (let i = 0; i < out.length; i++) out[i] += u * a[i] + v * b[i];
}

/** Rows of an accepted step: X_t, at which it was evaluated, and x_(t+1), its final input. */
export type AcceptedRows = Record<"evaluated" | "input", Float64Array>;

/** Writes u E + v D to E; returns the dot product of E and x_(t+1) − X_t. */
export function carryError(
  [u, v]: readonly [number, number],
  [error, clean]: readonly [Float64Array, Float64Array],
  { evaluated, input }: AcceptedRows,
): number {
  const whole = error.length - error.length % 2;
  let sum0 = 0, sum1 = 0;
  for (let i = 0; i < whole; i += 2) {
    const e0 = error[i] = u * error[i] + v * clean[i];
    const e1 = error[i + 1] = u * error[i + 1] + v * clean[i + 1];
    sum0 += e0 * (input[i] - evaluated[i]);
    sum1 += e1 * (input[i + 1] - evaluated[i + 1]);
  }
  for (let i = whole; i < error.length; i++) {
    const e = error[i] = u * error[i] + v * clean[i];
    sum0 += e * (input[i] - evaluated[i]);
  }
  return sum0 + sum1;
}

/** Adds w (x_(t+1) − X_t) to E; returns Σ E². */
export function addMove(
  w: number,
  error: Float64Array,
  { evaluated, input }: AcceptedRows,
): number {
  const whole = error.length - error.length % 2;
  let sum0 = 0, sum1 = 0;
  for (let i = 0; i < whole; i += 2) {
    const e0 = error[i] += w * (input[i] - evaluated[i]);
    const e1 = error[i + 1] += w * (input[i + 1] - evaluated[i + 1]);
    sum0 += e0 * e0;
    sum1 += e1 * e1;
  }
  for (let i = whole; i < error.length; i++) {
    const e = error[i] += w * (input[i] - evaluated[i]);
    sum0 += e * e;
  }
  return sum0 + sum1;
}

/** Factors and rows of {@link cleanError}. `perUnit`: rms(E) over that of the perturbation. */
export type PerturbedRows =
  & Record<"c" | "d" | "n" | "s" | "q" | "perUnit", number>
  & Record<"epsilon" | "input" | "x" | "xi" | "error", Float64Array>;

/** Writes D, the x_0-prediction of E, to `clean`; returns Σ D². */
export function cleanError(
  { c, d, n, s, q, perUnit, epsilon, input, x, xi, error }: PerturbedRows,
  clean: Float64Array,
): number {
  const sums = [0, 0];
  for (let i = 0; i < clean.length; i++) {
    const unperturbed = (x[i] - c * input[i] - n * xi[i]) / d;
    const derivative = perUnit * (epsilon[i] - unperturbed);
    const predicted = clean[i] = (error[i] - s * derivative) / q;
    sums[i % 2] += predicted * predicted;
  }
  return sums[0] + sums[1];
}

/** The loops of this file. */
export const PLAIN_KERNELS: Kernels = {
  weighted,
  addWeighted,
  storeEvaluation,
  newProducts,
  squaredStretch,
  combine,
  carryError,
  addMove,
  cleanError,
};
