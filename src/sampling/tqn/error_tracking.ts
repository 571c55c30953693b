/**
 * Keeps the error estimate of a run in step with its window: decides which round evaluates a
 * perturbed input, adds it to the request, and carries the error over the steps that finish.
 * @module
 */
import type { Workspace } from "../kernels/workspace.ts";
import type { ResolvedOptions } from "../options.ts";
import type { EvaluationRequest } from "../solver.ts";
import { row } from "../system.ts";
import { ErrorEstimate } from "./error_estimate.ts";
import type { Evaluations } from "./evaluations.ts";
import type { NoiseRows } from "./noise_rows.ts";

/** What the tracking reads of a run. */
export type TrackedRun =
  & Pick<ResolvedOptions, "schedule" | "rowSize" | "windowSize" | "variationSteps">
  & { trajectory: Float64Array; evaluations: Evaluations; noiseRows: NoiseRows | undefined };

/** The error estimate of one run in a window smaller than T. */
export class ErrorTracking {
  readonly #run: TrackedRun;
  readonly #estimate: ErrorEstimate;
  readonly #latents: Float64Array;
  /** The next step to carry the error over. */
  #next: number;
  #isPerturbed = false;

  /** Allocates the rows of a request. */
  constructor(run: TrackedRun, workspace: Workspace) {
    this.#run = run;
    this.#estimate = new ErrorEstimate(run, workspace);
    this.#latents = workspace.allocate(run.windowSize * run.rowSize);
    this.#next = run.variationSteps - 1;
  }

  /** Estimated rms error of x_0, at unit scale. */
  get errorOfSample(): number {
    return this.#estimate.errorOfSample;
  }

  /** Whether that estimate is the last one. */
  get isComplete(): boolean {
    return this.#estimate.isComplete;
  }

  /**
   * Returns the steps that a round evaluates beside a perturbed input: all of `steps`, or, if a
   * perturbed input is due and they are W, without the highest if it is refined, else without the
   * lowest.
   *
   * @param steps ascending
   * @param finished f, the lowest finished step
   */
  makeRoom(steps: Int32Array, finished: number): Int32Array {
    const pending = this.#next === finished;
    this.#isPerturbed = pending && this.#estimate.isDue(finished) &&
      (steps.length > 1 || steps.length < this.#run.windowSize);
    if (pending && !this.#isPerturbed) this.#carry();
    if (!this.#isPerturbed || steps.length < this.#run.windowSize) return steps;
    return steps[steps.length - 1] >= finished ? steps.subarray(0, -1) : steps.subarray(1);
  }

  /** Adds the perturbed input of the lowest finished step to a request, if it is due. */
  addTo(request: EvaluationRequest, epsilon: Float64Array): EvaluationRequest {
    if (!this.#isPerturbed) return request;
    const { rowSize } = this.#run, t = this.#next, count = request.steps.length;
    const latents = this.#latents.subarray(0, (count + 1) * rowSize);
    latents.set(request.latents);
    this.#estimate.perturb(t, this.#x(t + 1), row(latents, count, rowSize));
    const steps = Int32Array.of(...request.steps, t);
    return { steps, latents, epsilon: epsilon.subarray(0, latents.length) };
  }

  /**
   * Reads the network's output at the perturbed input, the last row of the request, and returns
   * whether there was one. The step's last evaluation must still be in place.
   */
  read(epsilon: Float64Array, count: number): boolean {
    if (!this.#isPerturbed) return false;
    const { rowSize, noiseRows } = this.#run, t = this.#next, input = this.#x(t + 1);
    const finished = { input, x: this.#x(t), xi: noiseRows?.at(t) ?? input };
    this.#estimate.learn(t, row(epsilon, count, rowSize), finished);
    this.#carry();
    return true;
  }

  /** Carries the error over the steps that finished, all but the lowest. */
  advance(finished: number): void {
    while (this.#next > finished) this.#carry();
  }

  /** Starts again at the top. */
  reset(): void {
    this.#estimate.reset();
    this.#next = this.#run.variationSteps - 1;
  }

  #carry(): void {
    const { evaluations } = this.#run, t = this.#next--, input = this.#x(t + 1);
    // A restart that is cut short leaves steps that it did not evaluate.
    const evaluated = evaluations.has(t) ? evaluations.history(t)[0].input : input;
    this.#estimate.carry(t, { evaluated, input });
  }

  #x(t: number): Float64Array {
    return row(this.#run.trajectory, t, this.#run.rowSize);
  }
}
