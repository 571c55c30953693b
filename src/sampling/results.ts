/**
 * What the samplers report.
 * @module
 */

/**
 * One round of {@link parallelSample}, reported after its update. Every array belongs to the
 * caller.
 */
export interface Round {
  /** Number of the round, from 1. */
  readonly round: number;
  /**
   * f: x_f … x_T are final, unless `growthLimit` of {@link TqnOptions} has them asked again: f may
   * rise then, once. 0 in the last round.
   */
  readonly finishedIndex: number;
  /** First step of the round's window, inclusive. */
  readonly windowStart: number;
  /** Last step of the round's window, exclusive. */
  readonly windowEnd: number;
  /** Guided network calls of the round, one per step, before guidance doubles the rows. */
  readonly evaluations: number;
  /**
   * rms of the first-order residual of the steps `windowStart` … `windowEnd − 1`, before the
   * update; NaN where not evaluated.
   */
  readonly residuals: Float64Array;
  /** x_0 after the update, `[rowSize]`. */
  readonly sample: Float64Array;
  /**
   * What the sample is expected to become, `[rowSize]`: x_0 once the window reaches step 0. Before
   * that x_0 has no meaning yet, and this is the network's own x_0-prediction at the lowest step
   * that the round evaluated.
   */
  readonly estimate: Float64Array;
}

/** What a sampler returns. Every array belongs to the caller. */
export interface SampleResult {
  /** x_0, `[rowSize]`. */
  readonly sample: Float64Array;
  /** x_0 … x_T, `[T+1, rowSize]`. */
  readonly trajectory: Float64Array;
  /** Rounds taken; sequential sampling takes T. */
  readonly rounds: number;
  /** Guided network calls, one per step. */
  readonly nfe: number;
  /** Whether every step met the tolerance; `false` only when `maxRounds` ended the run. */
  readonly converged: boolean;
}
