/**
 * Which steps a round works on, and when a step is finished.
 *
 * | paper | here |
 * |---|---|
 * | f, x_f … x_T are final | `finished` |
 * | u, x_0 … x_u have no value yet | `#uninitialised` |
 * | W | `size` |
 * | window [t0, t1) | `start`, `end` |
 * @module
 */

/** The sliding window over the steps of a run. */
export class SlidingWindow {
  readonly #size: number;
  #finished: number;
  #uninitialised: number;

  /**
   * The window before the first round.
   *
   * @param options `finished`: f; `uninitialised`: u, −1 when the whole trajectory has values
   */
  constructor(options: { size: number; finished: number; uninitialised: number }) {
    this.#size = options.size;
    this.#finished = options.finished;
    this.#uninitialised = options.uninitialised;
  }

  /** f: x_f … x_T are final. */
  get finished(): number {
    return this.#finished;
  }

  /** t0, the lowest step of the window. */
  get start(): number {
    return Math.max(this.#finished - this.#size, 0);
  }

  /** t1, one above the highest step of the window. */
  get end(): number {
    return this.#finished;
  }

  /**
   * Moves the lower end to where the finished index allows; returns the rows [from, to) that
   * thereby need a first value, which the solver derives from row `to`.
   *
   * The authors' code gives a value to row u also when u = f, which is final by then: after a round
   * that finished its whole window. Final rows are left alone here.
   */
  slide(): { from: number; to: number } {
    const u = this.#uninitialised, f = this.#finished;
    if (u < 0 || f - u >= this.#size) return { from: 0, to: 0 };
    const end = Math.max(-1, f - this.#size);
    this.#uninitialised = end;
    return { from: end + 1, to: Math.min(u + 1, f) };
  }

  /** Begins anew: x_f … x_T alone are final, for f = `finished`; every row keeps its value. */
  reopen(finished: number): void {
    this.#finished = finished;
  }

  /** Ends a round: `finished` is the new f, at least one step below the old one. */
  advance(finished: number): void {
    this.#uninitialised = Math.min(this.#uninitialised, this.start);
    this.#finished = finished;
  }
}

/**
 * The new f: the highest step of the window that is not finished, else the lowest of all. A step is
 * finished when its residual is at most `atol · scale` or `rtol · noiseScale`, `scale` being that
 * of x_t; NaN is neither.
 */
export function finishedIndex(
  window: SlidingWindow,
  residuals: Float64Array,
  { atol, rtol, scale, noiseScale }:
    & Record<"atol" | "rtol", number>
    & Record<"scale" | "noiseScale", Float64Array>,
): number {
  const { start, end } = window;
  for (let t = end - 1; t > start; t--) {
    const rms = residuals[t - start];
    if (!(rms <= atol * scale[t] || rms <= rtol * noiseScale[t])) return t;
  }
  return start;
}
