/** Runs the methods on a problem and compares each with the sequential sample. @module */
import { latentDifference } from "../../../src/runs/latent_difference.ts";
import { psnr } from "../../../src/images/image_metrics.ts";
import type { SampleResult } from "../../../src/sampling/results.ts";
import { parallelSample } from "../../../src/sampling/parallel_sampler.ts";
import { sequentialSample } from "../../../src/sampling/sequential_sampler.ts";
import { type Cell, cellKey, methodOptions, type Problem } from "./cells.ts";
import type { Laboratory, Posed } from "./laboratory.ts";
import { roundsTo } from "./metrics.ts";
import type { Measurement } from "./results_file.ts";

/** Measures cells of one problem, one after another. */
export async function* measure(
  laboratory: Laboratory,
  { problem, cells }: { problem: Problem; cells: readonly Cell[] },
  signal?: AbortSignal,
): AsyncGenerator<Measurement> {
  const posed = await laboratory.pose(problem);
  const start = performance.now();
  const sequential = await sequentialSample(posed.denoiser, { ...posed, signal });
  const seconds = (performance.now() - start) / 1000;
  const image = await laboratory.image(sequential.sample);
  for (const cell of cells) {
    const key = cellKey(cell, laboratory.network);
    if (cell.method === "sequential") {
      const { steps } = cell;
      yield { ...cell, key, rounds: steps, evaluations: steps, error: 0, errors: [], seconds };
      continue;
    }
    const run = await solve(posed, { cell, target: sequential.sample, signal });
    const ratio = psnr(await laboratory.image(run.sample), image);
    yield {
      ...cell,
      key,
      rounds: run.errors.length,
      evaluations: run.evaluations,
      roundsTo1e2: roundsTo(run.errors, 1e-2),
      roundsTo1e3: roundsTo(run.errors, 1e-3),
      error: run.errors[run.errors.length - 1],
      errors: run.errors,
      trusted: run.trusted,
      ...(ratio === Infinity ? {} : { psnr: Number(ratio.toFixed(2)) }),
      seconds: run.seconds,
    };
  }
}

async function solve(
  { denoiser, ...chain }: Posed,
  { cell, target, signal }: { cell: Cell; target: Float64Array; signal?: AbortSignal },
): Promise<
  Pick<SampleResult, "sample" | "trusted"> & {
    errors: number[];
    evaluations: number;
    seconds: number;
  }
> {
  const errors: number[] = [];
  const start = performance.now();
  const rounds = parallelSample(denoiser, { ...chain, ...methodOptions(cell), signal });
  for (let next = await rounds.next();; next = await rounds.next()) {
    if (next.done) {
      const seconds = (performance.now() - start) / 1000;
      const { sample, trusted, nfe } = next.value;
      return { sample, trusted, errors, evaluations: nfe, seconds };
    }
    errors.push(Number(latentDifference(next.value.sample, target).relative.toPrecision(3)));
  }
}
