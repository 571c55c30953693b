/**
 * The last three evaluations of every step, and the products of their differences that a prediction
 * needs.
 *
 * | paper | here |
 * |---|---|
 * | (X_t, E_t), the last evaluation of step t | `history(t)[0]` |
 * | secant pairs (a_j, y_j), newest first | `history(t)[j − 1]` minus `history(t)[j]` |
 * | dd = x̃_(t+1) − X_t | `probe` |
 * | β | `slope` |
 * | g = (Âh Âhᵀ + λI)⁻¹ Âh dd, divided by the lengths | `secantCoefficients` |
 * | h = (Âh Âhᵀ + λI)⁻¹ (Yh − (β/s) Âh)(dd − Σ g_j a_j), likewise | `symmetricCoefficients` |
 *
 * The sweep probes dd before the network is evaluated at the same input. So dd becomes the next
 * secant's a, and its products with the older secants are already known.
 * @module
 */
import { row } from "../system.ts";
import type {
  Evaluation,
  History,
  Kernels,
  NewEvaluation,
  NewProducts,
} from "../kernels/plain_kernels.ts";
import { ROW_PADDING, type Workspace } from "../kernels/workspace.ts";

/**
 * An input of unit scale that moved by a smaller rms counts as unchanged. Otherwise a run at
 * tolerance 0 waits for the last bits of sums to settle.
 */
export const UNCHANGED = 1e-13;

/** Smallest rms move that gives a secant pair. */
const MIN_PAIR_MOVE = 1e-8;
/** Smallest rms move whose stretch is reliable: half-precision rounding may hide smaller ones. */
const MIN_STRETCH_MOVE = 1e-3;
/** Slopes s·dE/dx are clamped to this range; 1 means frozen x_0. */
const SLOPE_RANGE = { low: -1, high: 4 };

/** Evaluations kept per step: enough for two secant pairs. */
const HISTORY_LENGTH = 3;
/** Products of a_1, a_2, y_1, y_2 and dd. */
type Products = NewProducts & Record<"a11" | "a22" | "a12" | "a2y2" | "a1y2", number>;

const NO_PRODUCTS: Products = {
  ...{ dd: 0, a1dd: 0, a2dd: 0, y1dd: 0, y2dd: 0, a1y1: 0, a2y1: 0 },
  ...{ a11: 0, a22: 0, a12: 0, a2y2: 0, a1y2: 0 },
};

/**
 * The last evaluations of every step, in buffers allocated once. Steps W apart are never in the
 * window together and share rows, so that a small window reuses the same memory.
 */
export class Evaluations {
  readonly #rowSize: number;
  readonly #windowSize: number;
  readonly #pairs: number;
  readonly #damping: number;
  readonly #kernels: Kernels;
  /** `HISTORY_LENGTH` writable rows for each step of a window. */
  readonly #rows: Evaluation[];
  readonly #histories: History[];
  /** Number of valid evaluations of step t. */
  readonly #count: Uint8Array;
  /** Products of step t at its last probe. */
  readonly #products: Products[];

  /** @param options `windowSize`: W; `pairs`: secant pairs used, 0 … 2; `damping`: λ */
  constructor(
    options: Record<"numSteps" | "windowSize" | "rowSize" | "pairs" | "damping", number>,
    workspace: Workspace,
  ) {
    const { numSteps, windowSize, rowSize, pairs, damping } = options;
    const stride = rowSize + ROW_PADDING;
    const buffer = workspace.allocate(windowSize * HISTORY_LENGTH * 2 * stride);
    const view = (i: number) => row(buffer, i, stride).subarray(0, rowSize);
    this.#rowSize = rowSize;
    this.#windowSize = windowSize;
    this.#pairs = pairs;
    this.#damping = damping;
    this.#kernels = workspace.kernels;
    this.#rows = Array.from({ length: windowSize * HISTORY_LENGTH }, (_, i) => {
      return { input: view(2 * i), output: view(2 * i + 1) };
    });
    this.#histories = new Array(numSteps);
    this.#count = new Uint8Array(numSteps);
    this.#products = new Array(numSteps);
    this.clear();
  }

  /** Removes all evaluations: after a restart the rows hold those of steps a window below. */
  clear(): void {
    this.#count.fill(0);
    this.#products.fill(NO_PRODUCTS);
    for (let t = 0; t < this.#histories.length; t++) {
      const first = this.#rows[HISTORY_LENGTH * (t % this.#windowSize)];
      this.#histories[t] = [first, first, first];
    }
  }

  /** Whether step t was ever evaluated. */
  has(t: number): boolean {
    return this.#count[t] > 0;
  }

  /**
   * The last three evaluations of step t, newest first. The oldest one repeats where there are
   * fewer.
   */
  history(t: number): History {
    return this.#histories[t];
  }

  /**
   * Adds an evaluation at the input that was probed last; returns the rms of the step's first-order
   * residual. After too small a move it replaces the previous evaluation instead of forming a pair
   * with it.
   */
  add(t: number, evaluation: NewEvaluation): number {
    const first = !this.has(t), pair = !first && this.lastMove(t) > MIN_PAIR_MOVE;
    if (pair) this.#shiftHistory(t);
    if (first || pair) this.#count[t] = Math.min(this.#count[t] + 1, HISTORY_LENGTH);
    this.#products[t] = (pair ? withNewPair : withExtendedPair)(this.#products[t]);
    return Math.sqrt(this.#kernels.storeEvaluation(evaluation, this.history(t)[0]) / this.#rowSize);
  }

  /** Computes dd = x − X_t and its products; returns the rms of dd. */
  probe(t: number, x: Float64Array): number {
    this.#products[t] = { ...this.#products[t], ...this.#kernels.newProducts(x, this.history(t)) };
    return this.lastMove(t);
  }

  /** rms of the dd that was probed last. */
  lastMove(t: number): number {
    return Math.sqrt(this.#products[t].dd / this.#rowSize);
  }

  /**
   * rms(c a + d y) / rms(a) of the newest pair; `undefined` if there is none whose move exceeds the
   * network's rounding. `scale` is that of the inputs.
   */
  stretch(t: number, { c, d }: Record<"c" | "d", number>, scale = 1): number | undefined {
    const { a11 } = this.#products[t];
    const reliable = this.#count[t] > 1 &&
      Math.sqrt(a11 / this.#rowSize) >= MIN_STRETCH_MOVE * scale;
    if (!reliable) return undefined;
    return Math.sqrt(this.#kernels.squaredStretch({ c, d }, this.history(t)) / a11);
  }

  /**
   * β of the newest pair in units of 1/s, where s is `sigma` of the schedule; 1 (frozen x_0)
   * without a pair, or if its move has length zero.
   */
  slope(t: number, s: number): number {
    const { a1y1, a11 } = this.#products[t];
    if (this.#pairCount(t) === 0 || !(a11 > 0)) return 1;
    const slope = s * a1y1 / a11;
    return Math.min(Math.max(slope, SLOPE_RANGE.low), SLOPE_RANGE.high);
  }

  /**
   * Coefficients [g_1, g_2] of the pairs in the prediction at the probed input; 0 for a missing
   * pair or a singular system.
   */
  secantCoefficients(t: number): readonly [number, number] {
    const { a1dd, a2dd } = this.#products[t];
    return this.#solve(t, a1dd, a2dd);
  }

  /**
   * Coefficients [h_1, h_2] of a_1 and a_2 that a symmetric derivative adds, for the part of the
   * probed move that the pairs do not explain: Powell's symmetric Broyden update for two damped
   * pairs. `slope` is β/s.
   */
  symmetricCoefficients(
    t: number,
    { slope, pairs: [g1, g2] }: { slope: number; pairs: readonly [number, number] },
  ): readonly [number, number] {
    const { a11, a22, a12, a1dd, a2dd, a1y1, a2y1, a1y2, a2y2, y1dd, y2dd } = this.#products[t];
    const a1rest = a1dd - g1 * a11 - g2 * a12;
    const a2rest = a2dd - g1 * a12 - g2 * a22;
    const y1rest = y1dd - g1 * a1y1 - g2 * a2y1;
    const y2rest = y2dd - g1 * a1y2 - g2 * a2y2;
    return this.#solve(t, y1rest - slope * a1rest, y2rest - slope * a2rest);
  }

  /**
   * (Âh Âhᵀ + λI)⁻¹ times a right-hand side; neither that nor the result is divided by the lengths
   * yet.
   */
  #solve(t: number, product1: number, product2: number): readonly [number, number] {
    const count = this.#pairCount(t), diagonal = 1 + this.#damping;
    const { dd, a11, a22, a12 } = this.#products[t];
    if (count === 0 || dd === 0) return [0, 0];
    const length1 = Math.sqrt(a11), right1 = product1 / length1;
    if (count === 1) return finiteOrZero(right1 / diagonal / length1, 0);
    const length2 = Math.sqrt(a22), right2 = product2 / length2;
    const cosine = a12 / (length1 * length2);
    const determinant = diagonal * diagonal - cosine * cosine;
    return finiteOrZero(
      (diagonal * right1 - cosine * right2) / determinant / length1,
      (diagonal * right2 - cosine * right1) / determinant / length2,
    );
  }

  #pairCount(t: number): number {
    return Math.min(this.#count[t] - 1, this.#pairs);
  }

  /** Moves free rows to the front of the history, else the oldest ones. */
  #shiftHistory(t: number): void {
    const [newest, older, oldest] = this.#histories[t], count = this.#count[t];
    const free = count < HISTORY_LENGTH
      ? this.#rows[HISTORY_LENGTH * (t % this.#windowSize) + count]
      : oldest;
    this.#histories[t] = [free, newest, older];
  }
}

/** The products after dd has become the newest a, and the newest pair the second one. */
function withNewPair(products: Products): Products {
  const { a11, dd, a1dd, a1y1, y1dd } = products;
  return { ...products, a11: dd, a22: a11, a12: a1dd, a2y2: a1y1, a1y2: y1dd };
}

/** The products after the newest a has been extended to the probed input. */
function withExtendedPair(products: Products): Products {
  const { a11, a12, a1y2, dd, a1dd, a2dd, y2dd } = products;
  return { ...products, a11: a11 + 2 * a1dd + dd, a12: a12 + a2dd, a1y2: a1y2 + y2dd };
}

function finiteOrZero(g1: number, g2: number): readonly [number, number] {
  return Number.isFinite(g1) && Number.isFinite(g2) ? [g1, g2] : [0, 0];
}
