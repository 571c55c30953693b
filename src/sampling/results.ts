/**
 * The results of the samplers.
 * @module
 */

/**
 * One round of {@link parallelSample}, after its update. The arrays are copies.
 */
export interface Round {
  /** Number of the round, from 1. */
  readonly round: number;
  /**
   * f: x_f … x_T are final; 0 in the last round. A stability check (`growthLimit` of
   * {@link TqnOptions}) may raise f once, and its `refinement` may still improve the last of them.
   */
  readonly finishedIndex: number;
  /** First step of the round's window, inclusive. */
  readonly windowStart: number;
  /** Last step of the round's window, exclusive. */
  readonly windowEnd: number;
  /** Steps evaluated in the round; guidance may double the rows of the network. */
  readonly evaluations: number;
  /**
   * rms of the first-order residual of the steps `windowStart` … `windowEnd − 1`, before the
   * update; NaN for steps that were not evaluated.
   */
  readonly residuals: Float64Array;
  /** x_0 after the update, `[rowSize]`. */
  readonly sample: Float64Array;
  /**
   * Estimate of the final sample, `[rowSize]`: x_0 once the window contains step 0, before that the
   * network's x_0-prediction at the lowest evaluated step.
   */
  readonly estimate: Float64Array;
}

/** The result of a sampler. */
export interface SampleResult {
  /** x_0, `[rowSize]`. */
  readonly sample: Float64Array;
  /** x_0 … x_T, `[T+1, rowSize]`. */
  readonly trajectory: Float64Array;
  /** Rounds taken; sequential sampling takes T. */
  readonly rounds: number;
  /** Steps evaluated in all rounds. */
  readonly nfe: number;
  /** Whether every step met the tolerance; `false` only if `maxRounds` ended the run. */
  readonly converged: boolean;
  /**
   * Whether x_0 is as near to the sequential sample as the tolerance suggests, as far as the solver
   * can tell: the chain was solved, and there is no `doubt`.
   */
  readonly trusted: boolean;
  /**
   * Why x_0 may be further from the sequential sample; absent if the solver sees no reason.
   */
  readonly doubt?: string;
}
