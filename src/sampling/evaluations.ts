/**
 * What TQN knows about the network at every step: the last three evaluated inputs and outputs, and the products of their
 * differences that a prediction needs.
 *
 * | paper | here |
 * |---|---|
 * | (X_t, E_t), the last evaluation of step t | `input(t)`, `output(t)` |
 * | secant pairs (a_j, y_j), newest first | differences of the inputs and outputs of age j and j+1 |
 * | dd = x̃_(t+1) − X_t | `probe` |
 * | β | `slope` |
 * | g = (Âh Âhᵀ + λI)⁻¹ Âh dd, divided by the lengths | `coefficients` |
 * | h = (Âh Âhᵀ + λI)⁻¹ (Yh − (β/s) Âh)(dd − Σ g_j a_j), divided by the lengths | `mirrored` |
 *
 * The sweep probes dd before the network is asked at the same input, so that dd is the next secant's a, and its products with the
 * older ones are known.
 * @module
 */
import { differencesDot } from "./reductions.ts";
import { row } from "./system.ts";
import { learn, type Learned, moveProducts, outputProducts } from "./tqn_kernels.ts";

/** How many evaluations of a step are kept. */
const AGES = 3;
/** A move below this rms says nothing about a slope. */
const SMALLEST_MOVE = 1e-8;
/** A slope s·dE/dx outside this range is not believed: 1 means frozen x_0. */
const SLOPES = { low: -1, high: 4 };

/** The last evaluations of every step, in buffers allocated once. */
export class Evaluations {
  readonly #rowSize: number;
  readonly #pairs: number;
  readonly #damping: number;
  readonly #symmetric: boolean;
  /** Per slot `[numSteps, rowSize]`; the slot of age 0 differs from step to step. */
  readonly #inputs: Float64Array[];
  readonly #outputs: Float64Array[];
  readonly #newest: Uint8Array;
  readonly #known: Uint8Array;
  /** a_1·a_1, a_2·a_2, a_1·a_2, a_1·y_1. */
  readonly #a11: Float64Array;
  readonly #a22: Float64Array;
  readonly #a12: Float64Array;
  readonly #a1y1: Float64Array;
  /** a_2·y_2, a_1·y_2, a_2·y_1, when symmetric. */
  readonly #a2y2: Float64Array;
  readonly #a1y2: Float64Array;
  readonly #a2y1: Float64Array;
  /** dd·dd, a_1·dd, a_2·dd of the last probe. */
  readonly #dd: Float64Array;
  readonly #a1dd: Float64Array;
  readonly #a2dd: Float64Array;
  /** y_1·dd, y_2·dd of the last probe, when symmetric. */
  readonly #y1dd: Float64Array;
  readonly #y2dd: Float64Array;

  /** @param options `pairs`: secant pairs used, 0 … 2; `damping`: λ; `symmetric`: whether {@link mirrored} will be asked */
  constructor(
    options: {
      numSteps: number;
      rowSize: number;
      pairs: number;
      damping: number;
      symmetric: boolean;
    },
  ) {
    const { numSteps, rowSize, pairs, damping, symmetric } = options;
    const perStep = () => new Float64Array(numSteps);
    const ring = () => Array.from({ length: AGES }, () => new Float64Array(numSteps * rowSize));
    this.#rowSize = rowSize;
    this.#pairs = pairs;
    this.#damping = damping;
    this.#symmetric = symmetric;
    this.#inputs = ring();
    this.#outputs = ring();
    this.#newest = new Uint8Array(numSteps);
    this.#known = new Uint8Array(numSteps);
    [this.#a11, this.#a22, this.#a12, this.#a1y1] = [perStep(), perStep(), perStep(), perStep()];
    [this.#dd, this.#a1dd, this.#a2dd] = [perStep(), perStep(), perStep()];
    [this.#a2y2, this.#a1y2, this.#a2y1] = [perStep(), perStep(), perStep()];
    [this.#y1dd, this.#y2dd] = [perStep(), perStep()];
  }

  /** Whether step t was ever evaluated. */
  has(t: number): boolean {
    return this.#known[t] > 0;
  }

  /** Input of step t, `age` evaluations ago; of age 0 where there is none so old. */
  input(t: number, age = 0): Float64Array {
    return row(this.#inputs[this.#slot(t, age)], t, this.#rowSize);
  }

  /** Output of step t, `age` evaluations ago; of age 0 where there is none so old. */
  output(t: number, age = 0): Float64Array {
    return row(this.#outputs[this.#slot(t, age)], t, this.#rowSize);
  }

  /**
   * Takes in an evaluation at the input that was probed last; returns the rms of the step's first-order residual. Too small a move
   * replaces the last evaluation and makes no pair.
   */
  add(t: number, rows: Pick<Learned, "c" | "d" | "n" | "above" | "epsilon" | "xi" | "x">): number {
    const moved = Math.sqrt(this.#dd[t] / this.#rowSize) > SMALLEST_MOVE;
    const rotated = this.#known[t] > 0 && moved;
    if (rotated) this.#rotate(t);
    else this.#known[t] = Math.max(this.#known[t], 1);
    const age = rotated ? 1 : 0;
    const { product, squaredResidual } = learn({
      ...rows,
      ...{ inputBefore: this.input(t, age), outputBefore: this.output(t, age) },
      ...{ input: this.input(t), output: this.output(t) },
    });
    if (rotated) this.#a1y1[t] = product;
    if (rotated && this.#symmetric) {
      const answers = [this.output(t), this.output(t, 1)] as const;
      this.#a2y1[t] = differencesDot(answers, [this.input(t, 1), this.input(t, 2)]);
    }
    return Math.sqrt(squaredResidual / this.#rowSize);
  }

  /** Measures dd = x − X_t; returns its rms. */
  probe(t: number, x: Float64Array): number {
    const products = moveProducts(x, [this.input(t), this.input(t, 1), this.input(t, 2)]);
    this.#dd[t] = products.dd;
    this.#a1dd[t] = products.a1dd;
    this.#a2dd[t] = products.a2dd;
    if (this.#symmetric) {
      const outputs = [this.output(t), this.output(t, 1), this.output(t, 2)] as const;
      const { y1dd, y2dd } = outputProducts(x, this.input(t), outputs);
      this.#y1dd[t] = y1dd;
      this.#y2dd[t] = y2dd;
    }
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
    return Math.min(this.#known[t] - 1, this.#pairs);
  }

  #slot(t: number, age: number): number {
    return age < this.#known[t] ? (this.#newest[t] + AGES - age) % AGES : this.#newest[t];
  }

  /** Makes room for a new evaluation and moves the products of the newest pair to the second place. */
  #rotate(t: number): void {
    this.#newest[t] = (this.#newest[t] + 1) % AGES;
    this.#known[t] = Math.min(this.#known[t] + 1, AGES);
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
