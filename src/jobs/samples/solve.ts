/** Solves the chain of one job by the selected method. @module */
import type { ResolvedShared } from "../../arguments/settings.ts";
import type { RoundRow } from "../../runs/rounds_file.ts";
import type { Denoiser } from "../../sampling/denoiser.ts";
import type { SampleOptions } from "../../sampling/options.ts";
import { parallelSample } from "../../sampling/parallel_sampler.ts";
import type { SampleResult } from "../../sampling/results.ts";
import type { ModelSchedule } from "../../models/schedulers/model_schedule.ts";
import type { ScaledSchedule } from "../../sampling/schedules/schedule.ts";
import { secondOrder } from "../../sampling/schedules/second_order.ts";
import { sequentialSample } from "../../sampling/sequential_sampler.ts";
import type { Job } from "./job.ts";
import { importSolver } from "./own_solver.ts";

/** Settings of the solver. */
export type SolverSettings = Pick<
  ResolvedShared,
  | "method"
  | "solver"
  | "preset"
  | "windowSize"
  | "order"
  | "memorySize"
  | "atol"
  | "rtol"
  | "maxRounds"
  | "compat"
>;

/** Options of solving a job. */
export interface SolveOptions {
  schedule: ScaledSchedule & Partial<Pick<ModelSchedule, "steps">>;
  settings: SolverSettings;
  signal: AbortSignal;
  /** Wraps the denoiser to log its outputs. */
  record?: (denoiser: Denoiser) => Denoiser;
  /** Called after every round; sequential sampling calls it after every step. */
  onRound: (round: SolvedRound) => void;
  /**
   * Called with the estimate of x_0 after every round of a parallel method; the next round waits
   * for it.
   */
  onEstimate?: (round: number, sample: Float64Array) => Promise<void>;
}

/** State of the chain after a round. */
export interface SolvedRound {
  round: number;
  /** Highest unfinished step; the chain is solved at 0. */
  finishedIndex: number;
  evaluations: number;
  /** Largest RMS residual of the window; 0 for sequential sampling. */
  residual: number;
}

/** Estimates of x_0 after every round, and the rounds. */
export interface Solved {
  result: SampleResult;
  /**
   * Estimates of x_0: 0 is the initial one, k the one after round k. Sequential sampling has only
   * the first and the last.
   */
  latents: Map<number, Float64Array>;
  finishedIndex: number[];
  residual: number[];
  /** Every round; empty for sequential sampling. */
  rounds: RoundRow[];
}

/** Inputs of solving a job. */
export type Chain = Pick<Job, "noise" | "start"> & { denoiser: Denoiser };

/**
 * Solves a job.
 *
 * @throws {NumericalError} when the network returns NaN or infinity, naming round and step
 */
export async function solve(job: Chain, options: SolveOptions): Promise<Solved> {
  const { method, solver } = options.settings;
  if (method === "sequential") return await solveSequentially(job, options);
  return await solveInParallel(
    job,
    method === "own" ? await importSolver(solver!) : method,
    options,
  );
}

async function solveInParallel(
  job: Chain,
  method: SampleOptions["method"],
  options: SolveOptions,
): Promise<Solved> {
  const { schedule, settings, signal, onRound, onEstimate } = options;
  const latents = new Map([[0, firstSample(job)]]);
  const finishedIndex: number[] = [], residual: number[] = [], rounds: RoundRow[] = [];
  const { maxRounds } = settings;
  // `auto` is replaced before the first job; here it would be refused as NaN.
  const windowSize = Number(settings.windowSize);
  const sampler = parallelSample(denoiserOf(job, options), {
    schedule,
    noise: job.noise,
    initialTrajectory: job.start?.trajectory,
    variationSteps: job.start?.variationSteps,
    method,
    windowSize,
    order: settings.order,
    memorySize: settings.memorySize,
    atol: settings.atol,
    rtol: settings.rtol,
    maxRounds,
    compat: settings.compat,
    preset: settings.preset ?? "fast",
    signal,
  });
  for (;;) {
    const { done, value } = await sampler.next();
    if (done) return { result: value, latents, finishedIndex, residual, rounds };
    // NaN marks steps that a strided round did not evaluate.
    const largest = value.residuals.reduce((a, b) => b > a ? b : a, 0);
    const { sample, estimate, ...row } = value;
    // Use the result as the last image: maxRounds may end the run before the window reaches step 0.
    const shown = value.round === maxRounds ? sample : estimate;
    latents.set(value.round, shown);
    rounds.push(row);
    finishedIndex.push(value.finishedIndex);
    residual.push(largest);
    const { round, finishedIndex: finished, evaluations } = value;
    onRound({ round, finishedIndex: finished, evaluations, residual: largest });
    await onEstimate?.(round, shown);
  }
}

async function solveSequentially(
  job: Chain,
  options: SolveOptions,
): Promise<Solved> {
  const { schedule, signal, onRound } = options;
  const inner = denoiserOf(job, options);
  let round = 0;
  const denoiser: Denoiser = {
    rowSize: inner.rowSize,
    async predictNoise(latents, steps, out, signal) {
      await inner.predictNoise(latents, steps, out, signal);
      onRound({ round: ++round, finishedIndex: steps[0], evaluations: 1, residual: 0 });
    },
  };
  const result = await sequentialSample(denoiser, {
    schedule,
    noise: job.noise,
    initialTrajectory: job.start?.trajectory,
    variationSteps: job.start?.variationSteps,
    signal,
  });
  const latents = new Map([[0, firstSample(job)], [result.rounds, result.sample]]);
  return { result, latents, finishedIndex: [], residual: [], rounds: [] };
}

/** Logs the network's outputs before the second order, which needs them in a replay too. */
function denoiserOf({ denoiser }: Chain, { record, schedule }: SolveOptions): Denoiser {
  const recorded = record ? record(denoiser) : denoiser;
  return schedule.steps === "dpmpp_2m" ? secondOrder(recorded, { schedule }) : recorded;
}

/** x_0 before the first round: that of the warm start, or zeros as in the official outputs. */
function firstSample({ denoiser, start }: Chain): Float64Array {
  return start ? start.trajectory.slice(0, denoiser.rowSize) : new Float64Array(denoiser.rowSize);
}
