/**
 * What TQN knows about the network at every step: the last evaluated input and output, how the last three of each differ, and
 * the products of those differences that a prediction needs.
 *
 * | paper | here |
 * |---|---|
 * | (X_t, E_t), the last evaluation of step t | `known(t).input`, `.output` |
 * | secant pairs (a_j, y_j), newest first | `known(t).moves`, `.changes` |
 * | dd = x̃_(t+1) − X_t | `probe` |
 * | β | `slope` |
 * | g = (Âh Âhᵀ + λI)⁻¹ Âh dd, divided by the lengths | `coefficients` |
 * | h = (Âh Âhᵀ + λI)⁻¹ (Yh − (β/s) Âh)(dd − Σ g_j a_j), divided by the lengths | `mirrored` |
 *
 * The sweep probes dd before the network is asked at the same input, so that dd is the next secant's a, and its products with the
 * older ones are known.
 * @module
 */
import { row } from "./system.ts";
import { type Known, learn, type Learned, learnPair, moveProducts } from "./tqn_kernels.ts";

/** Secant pairs that are kept of every step. */
const PAIRS = 2;
/** A move below this rms says nothing about a slope. */
const SMALLEST_MOVE = 1e-8;
/** A slope s·dE/dx outside this range is not believed: 1 means frozen x_0. */
const SLOPES = { low: -1, high: 4 };

/** The last evaluations of every step, in buffers allocated once. */
export class Evaluations {
  readonly #rowSize: number;
  readonly #pairs: number;
  readonly #damping: number;
  /** `[numSteps, rowSize]`. */
  readonly #input: Float64Array;
  readonly #output: Float64Array;
  /** Per slot `[numSteps, rowSize]`, zeros without a pair; the slot of the newest differs from step to step. */
  readonly #moves: Float64Array[];
  readonly #changes: Float64Array[];
  readonly #newest: Uint8Array;
  /** Evaluations of step t that are of use: at most one more than pairs. */
  readonly #count: Uint8Array;
  /** a_1·a_1, a_2·a_2, a_1·a_2, a_1·y_1. */
  readonly #a11: Float64Array;
  readonly #a22: Float64Array;
  readonly #a12: Float64Array;
  readonly #a1y1: Float64Array;
  /** a_2·y_2, a_1·y_2, a_2·y_1. */
  readonly #a2y2: Float64Array;
  readonly #a1y2: Float64Array;
  readonly #a2y1: Float64Array;
  /** dd·dd, a_1·dd, a_2·dd of the last probe. */
  readonly #dd: Float64Array;
  readonly #a1dd: Float64Array;
  readonly #a2dd: Float64Array;
  /** y_1·dd, y_2·dd of the last probe. */
  readonly #y1dd: Float64Array;
  readonly #y2dd: Float64Array;

  /** @param options `pairs`: secant pairs used, 0 … 2; `damping`: λ */
  constructor(options: Record<"numSteps" | "rowSize" | "pairs" | "damping", number>) {
    const { numSteps, rowSize, pairs, damping } = options;
    const perStep = () => new Float64Array(numSteps);
    const rows = () => new Float64Array(numSteps * rowSize);
    this.#rowSize = rowSize;
    this.#pairs = pairs;
    this.#damping = damping;
    [this.#input, this.#output] = [rows(), rows()];
    this.#moves = Array.from({ length: PAIRS }, rows);
    this.#changes = Array.from({ length: PAIRS }, rows);
    [this.#newest, this.#count] = [new Uint8Array(numSteps), new Uint8Array(numSteps)];
    [this.#a11, this.#a22, this.#a12, this.#a1y1] = [perStep(), perStep(), perStep(), perStep()];
    [this.#dd, this.#a1dd, this.#a2dd] = [perStep(), perStep(), perStep()];
    [this.#a2y2, this.#a1y2, this.#a2y1] = [perStep(), perStep(), perStep()];
    [this.#y1dd, this.#y2dd] = [perStep(), perStep()];
  }

  /** Whether step t was ever evaluated. */
  has(t: number): boolean {
    return this.#count[t] > 0;
  }

  /** The last evaluation of step t and the pairs before it; zeros for what there is none of. */
  known(t: number): Known {
    const newest = this.#newest[t], older = (newest + 1) % PAIRS, size = this.#rowSize;
    return {
      input: row(this.#input, t, size),
      output: row(this.#output, t, size),
      moves: [row(this.#moves[newest], t, size), row(this.#moves[older], t, size)],
      changes: [row(this.#changes[newest], t, size), row(this.#changes[older], t, size)],
    };
  }

  /**
   * Takes in an evaluation at the input that was probed last; returns the rms of the step's first-order residual. Too small a move
   * replaces the last evaluation and makes no pair.
   */
  add(t: number, rows: Omit<Learned, "input" | "output">): number {
    const rms = (square: number) => Math.sqrt(square / this.#rowSize);
    if (!this.has(t) || !(this.moved(t) > SMALLEST_MOVE)) {
      this.#count[t] = Math.max(this.#count[t], 1);
      return rms(learn({ ...rows, ...this.known(t) }));
    }
    this.#rotate(t);
    const known = this.known(t), [move, moveBefore] = known.moves, [change] = known.changes;
    const sums = learnPair({ ...rows, ...known, move, change, moveBefore });
    this.#a1y1[t] = sums.product;
    this.#a2y1[t] = sums.productBefore;
    return rms(sums.squaredResidual);
  }

  /** Measures dd = x − X_t; returns its rms. */
  probe(t: number, x: Float64Array): number {
    const products = moveProducts(x, this.known(t));
    this.#dd[t] = products.dd;
    this.#a1dd[t] = products.a1dd;
    this.#a2dd[t] = products.a2dd;
    this.#y1dd[t] = products.y1dd;
    this.#y2dd[t] = products.y2dd;
    return this.moved(t);
  }

  /** rms of the move that was probed last. */
  moved(t: number): number {
    return Math.sqrt(this.#dd[t] / this.#rowSize);
  }

  /** β of the newest pair in units of 1/s, where s = √(1−ᾱ); 1 (frozen x_0) without pairs. */
  slope(t: number, s: number): number {
    if (this.#pairCount(t) === 0) return 1;
    const slope = s * this.#a1y1[t] / this.#a11[t];
    return Math.min(Math.max(slope, SLOPES.low), SLOPES.high);
  }

  /** Coefficients [g_1, g_2] of the pairs in the prediction at the probed input; 0 for a missing pair or a singular system. */
  coefficients(t: number): readonly [number, number] {
    return this.#solve(t, this.#a1dd[t], this.#a2dd[t]);
  }

  /**
   * Coefficients [h_1, h_2] of a_1 and a_2 that a symmetric derivative adds, for the part of the probed move that the pairs do not
   * explain: Powell's symmetric Broyden update for two damped pairs. `slope` is β/s.
   */
  mirrored(
    t: number,
    { slope, pairs: [g1, g2] }: { slope: number; pairs: readonly [number, number] },
  ): readonly [number, number] {
    const [a11, a22, a12] = [this.#a11[t], this.#a22[t], this.#a12[t]];
    const a1rest = this.#a1dd[t] - g1 * a11 - g2 * a12;
    const a2rest = this.#a2dd[t] - g1 * a12 - g2 * a22;
    const y1rest = this.#y1dd[t] - g1 * this.#a1y1[t] - g2 * this.#a2y1[t];
    const y2rest = this.#y2dd[t] - g1 * this.#a1y2[t] - g2 * this.#a2y2[t];
    return this.#solve(t, y1rest - slope * a1rest, y2rest - slope * a2rest);
  }

  /** (Âh Âhᵀ + λI)⁻¹ for a right-hand side that, like the result, still is to be divided by the lengths. */
  #solve(t: number, product1: number, product2: number): readonly [number, number] {
    const count = this.#pairCount(t), diagonal = 1 + this.#damping;
    if (count === 0 || this.#dd[t] === 0) return [0, 0];
    const length1 = Math.sqrt(this.#a11[t]), right1 = product1 / length1;
    if (count === 1) return finite(right1 / diagonal / length1, 0);
    const length2 = Math.sqrt(this.#a22[t]), right2 = product2 / length2;
    const cosine = this.#a12[t] / (length1 * length2);
    const determinant = diagonal * diagonal - cosine * cosine;
    return finite(
      (diagonal * right1 - cosine * right2) / determinant / length1,
      (diagonal * right2 - cosine * right1) / determinant / length2,
    );
  }

  #pairCount(t: number): number {
    return Math.min(this.#count[t] - 1, this.#pairs);
  }

  /** Makes room for a new pair and moves the products of the newest one to the second place. */
  #rotate(t: number): void {
    this.#newest[t] = (this.#newest[t] + 1) % PAIRS;
    this.#count[t] = Math.min(this.#count[t] + 1, PAIRS + 1);
    this.#a22[t] = this.#a11[t];
    this.#a11[t] = this.#dd[t];
    this.#a12[t] = this.#a1dd[t];
    this.#a2y2[t] = this.#a1y1[t];
    this.#a1y2[t] = this.#y1dd[t];
  }
}

function finite(g1: number, g2: number): readonly [number, number] {
  return Number.isFinite(g1) && Number.isFinite(g2) ? [g1, g2] : [0, 0];
}
