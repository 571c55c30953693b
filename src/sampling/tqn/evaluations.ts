/**
 * What TQN knows about the network at every step: the last three evaluations, and the products of
 * their differences that a prediction needs.
 *
 * | paper | here |
 * |---|---|
 * | (X_t, E_t), the last evaluation of step t | `known(t)[0]` |
 * | secant pairs (a_j, y_j), newest first | `known(t)[j − 1]` less `known(t)[j]` |
 * | dd = x̃_(t+1) − X_t | `probe` |
 * | β | `slope` |
 * | g = (Âh Âhᵀ + λI)⁻¹ Âh dd, divided by the lengths | `coefficients` |
 * | h = (Âh Âhᵀ + λI)⁻¹ (Yh − (β/s) Âh)(dd − Σ g_j a_j), divided by the lengths | `mirrored` |
 *
 * The sweep probes dd before the network is asked at the same input, so that dd is the next
 * secant's a, and its products with the older ones are known.
 * @module
 */
import { row } from "../system.ts";
import {
  type Evaluation,
  type Known,
  learn,
  type Learned,
  type NewProducts,
  newProducts,
  squaredStretch,
} from "./tqn_kernels.ts";

/** A move below this rms says nothing about a slope. */
const SMALLEST_MOVE = 1e-8;
/** A move below this rms may be drowned by the rounding of a network in half precision. */
const TELLING_MOVE = 1e-3;
/** A slope s·dE/dx outside this range is not believed: 1 means frozen x_0. */
const SLOPES = { low: -1, high: 4 };

/** Evaluations that are kept of every step: those of two secant pairs. */
const KEPT = 3;
/**
 * Unused numbers between one row and the next. Rows a multiple of 4096 bytes apart share a few
 * lines of the cache, from which a walk over several of them would drive each by the next.
 */
const STAGGER = 24;

/** Products of a_1, a_2, y_1, y_2 and dd. */
type Products = NewProducts & Record<"a11" | "a22" | "a12" | "a2y2" | "a1y2", number>;

const NO_PRODUCTS: Products = {
  ...{ dd: 0, a1dd: 0, a2dd: 0, y1dd: 0, y2dd: 0, a1y1: 0, a2y1: 0 },
  ...{ a11: 0, a22: 0, a12: 0, a2y2: 0, a1y2: 0 },
};

/**
 * The last evaluations of every step, in buffers allocated once. Steps W apart are never in the
 * window together and share rows: a small window stays in memory that it has touched before.
 */
export class Evaluations {
  readonly #rowSize: number;
  readonly #windowSize: number;
  readonly #pairs: number;
  readonly #damping: number;
  /** `KEPT` of each step of a window, to be written to. */
  readonly #rows: Evaluation[];
  readonly #known: Known[];
  /** Evaluations of step t that are of use. */
  readonly #count: Uint8Array;
  /** Of step t at its last probe. */
  readonly #products: Products[];

  /** @param options `windowSize`: W; `pairs`: secant pairs used, 0 … 2; `damping`: λ */
  constructor(
    options: Record<"numSteps" | "windowSize" | "rowSize" | "pairs" | "damping", number>,
  ) {
    const { numSteps, windowSize, rowSize, pairs, damping } = options;
    const stride = rowSize + STAGGER, buffer = new Float64Array(windowSize * KEPT * 2 * stride);
    const view = (i: number) => row(buffer, i, stride).subarray(0, rowSize);
    this.#rowSize = rowSize;
    this.#windowSize = windowSize;
    this.#pairs = pairs;
    this.#damping = damping;
    this.#rows = Array.from({ length: windowSize * KEPT }, (_, i) => {
      return { input: view(2 * i), output: view(2 * i + 1) };
    });
    this.#known = Array.from({ length: numSteps }, (_, t) => {
      const first = this.#rows[KEPT * (t % windowSize)];
      return [first, first, first];
    });
    this.#count = new Uint8Array(numSteps);
    this.#products = Array.from({ length: numSteps }, () => NO_PRODUCTS);
  }

  /** Whether step t was ever evaluated. */
  has(t: number): boolean {
    return this.#count[t] > 0;
  }

  /**
   * The last three evaluations of step t, the newest first; the oldest that there is in place of
   * those that there are not.
   */
  known(t: number): Known {
    return this.#known[t];
  }

  /**
   * Takes in an evaluation at the input that was probed last; returns the rms of the step's
   * first-order residual. After too small a move it replaces the evaluation before instead of
   * making a pair with it.
   */
  add(t: number, learned: Learned): number {
    const first = !this.has(t), pair = !first && this.moved(t) > SMALLEST_MOVE;
    if (pair) this.#makeRoom(t);
    if (first || pair) this.#count[t] = Math.min(this.#count[t] + 1, KEPT);
    this.#products[t] = (pair ? rotated : stretched)(this.#products[t]);
    return Math.sqrt(learn(learned, this.known(t)[0]) / this.#rowSize);
  }

  /** Measures dd = x − X_t; returns its rms. */
  probe(t: number, x: Float64Array): number {
    this.#products[t] = { ...this.#products[t], ...newProducts(x, this.known(t)) };
    return this.moved(t);
  }

  /** rms of the move that was probed last. */
  moved(t: number): number {
    return Math.sqrt(this.#products[t].dd / this.#rowSize);
  }

  /**
   * rms(c a + d y) / rms(a) of the newest pair; `undefined` without one whose move stands out of
   * the network's rounding. `scale` is that of the inputs.
   */
  stretch(t: number, { c, d }: Record<"c" | "d", number>, scale = 1): number | undefined {
    const { a11 } = this.#products[t];
    const telling = this.#count[t] > 1 && Math.sqrt(a11 / this.#rowSize) >= TELLING_MOVE * scale;
    if (!telling) return undefined;
    return Math.sqrt(squaredStretch({ c, d }, this.known(t)) / a11);
  }

  /**
   * β of the newest pair in units of 1/s, where s is `sigma` of the schedule; 1 (frozen x_0)
   * without one, or when its move has come to nothing.
   */
  slope(t: number, s: number): number {
    const { a1y1, a11 } = this.#products[t];
    if (this.#pairCount(t) === 0 || !(a11 > 0)) return 1;
    const slope = s * a1y1 / a11;
    return Math.min(Math.max(slope, SLOPES.low), SLOPES.high);
  }

  /**
   * Coefficients [g_1, g_2] of the pairs in the prediction at the probed input; 0 for a missing
   * pair or a singular system.
   */
  coefficients(t: number): readonly [number, number] {
    const { a1dd, a2dd } = this.#products[t];
    return this.#solve(t, a1dd, a2dd);
  }

  /**
   * Coefficients [h_1, h_2] of a_1 and a_2 that a symmetric derivative adds, for the part of the
   * probed move that the pairs do not explain: Powell's symmetric Broyden update for two damped
   * pairs. `slope` is β/s.
   */
  mirrored(
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
   * (Âh Âhᵀ + λI)⁻¹ for a right-hand side that, like the result, still is to be divided by the
   * lengths.
   */
  #solve(t: number, product1: number, product2: number): readonly [number, number] {
    const count = this.#pairCount(t), diagonal = 1 + this.#damping;
    const { dd, a11, a22, a12 } = this.#products[t];
    if (count === 0 || dd === 0) return [0, 0];
    const length1 = Math.sqrt(a11), right1 = product1 / length1;
    if (count === 1) return finite(right1 / diagonal / length1, 0);
    const length2 = Math.sqrt(a22), right2 = product2 / length2;
    const cosine = a12 / (length1 * length2);
    const determinant = diagonal * diagonal - cosine * cosine;
    return finite(
      (diagonal * right1 - cosine * right2) / determinant / length1,
      (diagonal * right2 - cosine * right1) / determinant / length2,
    );
  }

  #pairCount(t: number): number {
    return Math.min(this.#count[t] - 1, this.#pairs);
  }

  /** Puts rows that are free in the first place, else the oldest. */
  #makeRoom(t: number): void {
    const [newest, older, oldest] = this.#known[t], count = this.#count[t];
    const free = count < KEPT ? this.#rows[KEPT * (t % this.#windowSize) + count] : oldest;
    this.#known[t] = [free, newest, older];
  }
}

/**
 * What becomes of the products when dd becomes the newest a, and the newest pair the second one.
 */
function rotated(products: Products): Products {
  const { a11, dd, a1dd, a1y1, y1dd } = products;
  return { ...products, a11: dd, a22: a11, a12: a1dd, a2y2: a1y1, a1y2: y1dd };
}

/** The same when the newest a ends at the probed input instead. */
function stretched(products: Products): Products {
  const { a11, a12, a1y2, dd, a1dd, a2dd, y2dd } = products;
  return { ...products, a11: a11 + 2 * a1dd + dd, a12: a12 + a2dd, a1y2: a1y2 + y2dd };
}

function finite(g1: number, g2: number): readonly [number, number] {
  return Number.isFinite(g1) && Number.isFinite(g2) ? [g1, g2] : [0, 0];
}
