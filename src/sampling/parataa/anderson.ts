/**
 * Triangular Anderson acceleration: each step t takes the combination of the last rounds that
 * minimises the residuals of the steps s ≥ t (Tang et al. 2024, "Accelerating parallel sampling of
 * diffusion models").
 *
 * | paper | here |
 * |---|---|
 * | m, λ | `memorySize`, `regularization` |
 * | R_t in this round, in earlier ones | `residual(t)`, `residual(t, age)` |
 * | x_t + R_t in the same rounds | `image(t)`, `image(t, age)` |
 * | ΔR_j | difference j: residual of age j minus residual of age j+1 |
 * | ΔR_i(t)·ΔR_j(t), ΔR_j(t)·R_t | `#gram`, `#right` |
 * | B_t, b_t: their sums over s ≥ t, each divided by scale_s² | `#gramSum`, `#rightSum` |
 * | (B_t + λI) γ = b_t | `#gamma` |
 *
 * The update x + R − Σ γ_j (ΔX_j + ΔR_j) is a sum of images with the weights γ_(j−1) − γ_j, which
 * add up to 1 (γ_(−1) = 1, the last γ = 0). A round computes only products with its newest
 * difference: ΔR_i·ΔR_j is known from the previous round, and ΔR_j·R follows from R = R of age 1 +
 * ΔR_0.
 * @module
 */
import { differenceProducts, differencesDot } from "../reductions.ts";
import { solveSymmetric } from "./symmetric_system.ts";
import { row } from "../system.ts";
import { weighted } from "../kernels/plain_kernels.ts";

/** Options of {@link AndersonMemory}. */
export interface AndersonOptions {
  /** T. */
  numSteps: number;
  /** W. */
  windowSize: number;
  /** Elements of one latent. */
  rowSize: number;
  /** m: rounds remembered, the current one included. */
  memorySize: number;
  /** λ. */
  regularization: number;
  /** Scale of x_0 … x_T, `[T+1]`. */
  scale: Float64Array;
  /**
   * Steps that just entered the window use the oldest differences, as in the authors' code.
   */
  oldestFirst: boolean;
}

/**
 * The last m rounds of every step, in buffers allocated once. Steps W apart are never in the window
 * together and share rows.
 */
export class AndersonMemory {
  readonly #options: AndersonOptions;
  /** m − 1. */
  readonly #size: number;
  /**
   * Ring buffers over the rounds, each `[windowSize, rowSize]`; zero for steps that were not in the
   * window.
   */
  readonly #residuals: Float64Array[];
  readonly #images: Float64Array[];
  readonly #gram: Float64Array;
  readonly #right: Float64Array;
  readonly #gramSum: Float64Array;
  readonly #rightSum: Float64Array;
  readonly #matrix: Float64Array;
  readonly #gamma: Float64Array;
  readonly #weights: Float64Array;
  /** Number of rounds that step t has been in the window. */
  readonly #seen: Int32Array;
  #round = 0;

  /** Allocates all buffers of the run. */
  constructor(options: AndersonOptions) {
    const { numSteps, windowSize, rowSize, memorySize } = options;
    const ring = () =>
      Array.from({ length: memorySize }, () => new Float64Array(windowSize * rowSize));
    const size = memorySize - 1;
    this.#options = options;
    this.#size = size;
    this.#residuals = ring();
    this.#images = ring();
    this.#gram = new Float64Array(numSteps * size * size);
    this.#right = new Float64Array(numSteps * size);
    this.#gramSum = new Float64Array(size * size);
    this.#rightSum = new Float64Array(size);
    this.#matrix = new Float64Array(size * size);
    this.#gamma = new Float64Array(size);
    this.#weights = new Float64Array(memorySize);
    this.#seen = new Int32Array(numSteps);
  }

  /** Starts a round: every age increases by 1, and the sums over the window are reset. */
  nextRound(): void {
    this.#round++;
    this.#gramSum.fill(0);
    this.#rightSum.fill(0);
  }

  /** R_t, `age` rounds ago. */
  residual(t: number, age = 0): Float64Array {
    return this.#row(this.#residuals[this.#slot(age)], t);
  }

  /** x_t + R_t, `age` rounds ago. */
  image(t: number, age = 0): Float64Array {
    return this.#row(this.#images[this.#slot(age)], t);
  }

  /**
   * Updates the products with residual(t), which must have been written before. Must be called for
   * every t of the window, from the highest down.
   */
  remember(t: number): void {
    if (this.#seen[t]++ === 0) this.#clear(t);
    const size = this.#size;
    if (size === 0) return;
    const gram = this.#gram.subarray(t * size * size, (t + 1) * size * size);
    const right = row(this.#right, t, size);
    this.#shift(gram, right);
    this.#multiply(t, gram, right);
    const weight = 1 / this.#options.scale[t] ** 2;
    for (let i = 0; i < gram.length; i++) this.#gramSum[i] += weight * gram[i];
    for (let i = 0; i < size; i++) this.#rightSum[i] += weight * right[i];
  }

  /**
   * Writes the accelerated x_t, or the plain x_t + R_t if there is no history or the system is
   * singular.
   */
  accelerate(t: number, out: Float64Array): void {
    const valid = Math.min(this.#seen[t], this.#options.memorySize) - 1;
    if (valid === 0 || !this.#solve(valid)) return out.set(this.image(t));
    const weights = this.#weights;
    weighted([weights[0], weights[1]], [this.image(t), this.image(t, 1)], out);
    for (let age = 2; age < weights.length; age++) {
      if (weights[age] !== 0) addWeighted(weights[age], this.image(t, age), out);
    }
  }

  #row(rows: Float64Array, t: number): Float64Array {
    const { windowSize, rowSize } = this.#options;
    return row(rows, t % windowSize, rowSize);
  }

  /** Clears the rows of t, which another step used before. */
  #clear(t: number): void {
    for (let age = 1; age < this.#options.memorySize; age++) {
      this.residual(t, age).fill(0);
      this.image(t, age).fill(0);
    }
  }

  #slot(age: number): number {
    return (this.#round + this.#options.memorySize - age) % this.#options.memorySize;
  }

  /** Difference j of the previous round becomes difference j + 1. */
  #shift(gram: Float64Array, right: Float64Array): void {
    const size = this.#size;
    for (let i = size - 1; i > 0; i--) {
      right[i] = right[i - 1];
      for (let j = size - 1; j > 0; j--) gram[i * size + j] = gram[(i - 1) * size + j - 1];
    }
  }

  #multiply(t: number, gram: Float64Array, right: Float64Array): void {
    const now = this.residual(t), before = this.residual(t, 1);
    const newest = differenceProducts(now, before);
    gram[0] = newest.square;
    right[0] = newest.dot;
    for (let j = 1; j < this.#size; j++) {
      const older = [this.residual(t, j), this.residual(t, j + 1)] as const;
      const product = differencesDot([now, before], older);
      gram[j] = gram[j * this.#size] = product;
      right[j] += product;
    }
  }

  /**
   * Solves for the γ of `valid` differences and writes the weights of the images; `false` if the
   * system is singular.
   */
  #solve(valid: number): boolean {
    const size = this.#size, { regularization, memorySize, oldestFirst } = this.#options;
    const oldest = Math.min(this.#round, memorySize) - 2;
    const pick = (i: number) => oldestFirst ? oldest - i : i;
    for (let i = 0; i < valid; i++) {
      this.#gamma[i] = this.#rightSum[pick(i)];
      for (let j = 0; j <= i; j++) {
        this.#matrix[i * valid + j] = this.#gramSum[pick(i) * size + pick(j)] +
          (i === j ? regularization : 0);
      }
    }
    if (!solveSymmetric(this.#matrix, this.#gamma, valid)) return false;
    this.#weights.fill(0);
    this.#weights[0] = 1;
    for (let i = 0; i < valid; i++) {
      this.#weights[pick(i)] -= this.#gamma[i];
      this.#weights[pick(i) + 1] += this.#gamma[i];
    }
    return true;
  }
}

function addWeighted(weight: number, values: Float64Array, out: Float64Array): void {
  for (let i = 0; i < out.length; i++) out[i] += weight * values[i];
}
