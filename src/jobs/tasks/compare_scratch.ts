/** Compares a warm start with solving the same prompt from scratch: cost and difference. @module */
import { latentDifference } from "../../runs/latent_difference.ts";
import type { Job, Outcome } from "../samples/job.ts";
import { solve, type SolverSettings } from "../samples/solve.ts";
import type { TaskContext } from "./task.ts";

/** Solver options of the comparison. */
export interface ComparisonOptions {
  context: TaskContext;
  settings: SolverSettings;
}

/**
 * Solves the job from scratch by the same method, and sequentially from scratch and from the x_f of
 * the warm start. Reports rounds, evaluations and distances and adds them to the record of the
 * outcome.
 */
export async function compareWithScratch(
  job: Job,
  { result, record }: Outcome,
  { context: { schedule, signal, note }, settings }: ComparisonOptions,
): Promise<void> {
  const run = async (job: Job, method: SolverSettings["method"]) =>
    (await solve(job, { schedule, settings: { ...settings, method }, signal, onRound() {} }))
      .result;
  const fromScratch = { ...job, start: undefined };
  const scratch = await run(fromScratch, settings.method);
  const sequential = await run(fromScratch, "sequential");
  const warmSequential = await run(job, "sequential");
  const comparison = {
    scratch: { rounds: scratch.rounds, nfe: scratch.nfe },
    distance: {
      warm_to_sequential: latentDifference(result.sample, sequential.sample).relative,
      scratch_to_sequential: latentDifference(scratch.sample, sequential.sample).relative,
      warm_to_own_chain: latentDifference(result.sample, warmSequential.sample).relative,
    },
  };
  record.comparison = comparison;
  const percent = (part: number, whole: number) =>
    whole ? `${Math.round(100 * part / whole)} %` : "-";
  note(
    `warm start: ${result.rounds} rounds and ${result.nfe} evaluations, ` +
      `${percent(result.rounds, scratch.rounds)} and ${
        percent(result.nfe, scratch.nfe)
      } of from scratch ` +
      `(${scratch.rounds} and ${scratch.nfe})`,
  );
  const { distance } = comparison;
  note(
    `relative distance to the sequential sample: warm ${
      distance.warm_to_sequential.toExponential(1)
    }, from scratch ` +
      `${
        distance.scratch_to_sequential.toExponential(1)
      }; warm to the sequential chain from its own start ` +
      distance.warm_to_own_chain.toExponential(1),
  );
}
