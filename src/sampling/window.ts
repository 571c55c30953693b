/**
 * The sliding window, and the stopping rule of a step.
 *
 * | paper | here |
 * |---|---|
 * | f, x_f … x_T are final | `finished` |
 * | u, x_0 … x_u have no value yet | `#uninitialised` |
 * | W | `size` |
 * | window [t0, t1) | `start`, `end` |
 * @module
 */

/** A sliding window over the steps of a run. */
export class SlidingWindow {
  readonly #size: number;
  #finished: number;
  #uninitialised: number;

  /**
   * Creates the window before the first round.
   *
   * @param options `finished`: f; `uninitialised`: u, −1 if the whole trajectory has values
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

  /** t0, the lowest step. */
  get start(): number {
    return Math.max(this.#finished - this.#size, 0);
  }

  /** t1, one above the highest step. */
  get end(): number {
    return this.#finished;
  }

  /**
   * Moves the lower end down as far as f allows; returns the rows [from, to) that enter the window
   * without a value. The solver initialises them from row `to`.
   *
   * After a round that finished its whole window, u = f, and the authors' code initialises row u
   * although it is final. Here final rows are not changed.
   */
  slide(): { from: number; to: number } {
    const u = this.#uninitialised, f = this.#finished;
    if (u < 0 || f - u >= this.#size) return { from: 0, to: 0 };
    const end = Math.max(-1, f - this.#size);
    this.#uninitialised = end;
    return { from: end + 1, to: Math.min(u + 1, f) };
  }

  /** Raises f to `finished`, so that the steps below are solved again; rows keep their values. */
  reopen(finished: number): void {
    this.#finished = finished;
  }

  /** Ends a round. `finished` is the new f, at least one below the old one. */
  advance(finished: number): void {
    this.#uninitialised = Math.min(this.#uninitialised, this.start);
    this.#finished = finished;
  }
}

/**
 * The new f: the highest unfinished step of the window, else the lowest step. A step is finished if
 * its residual is at most `atol · scale` or `rtol · noiseScale`, where `scale` is that of x_t; a
 * step with residual NaN is unfinished.
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
