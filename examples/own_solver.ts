// A solver of your own: Picard iteration over a sliding window, as in ParaDiGMS (Shih et al., "Parallel
// sampling of diffusion models", 2023): x_t becomes x at the window's top plus the drifts between.
//
//   deno run examples/own_solver.ts

import { sequentialSample, SlidingWindow, solve, type Solver, type SolverProblem } from "../mod.ts";
import { denoiser, noise, schedule } from "./own_denoiser.ts";

/** Makes a Picard solver; given as `method`. Steps are finished that moved by at most `atol`, in rms. */
export function picard(problem: SolverProblem): Solver {
  const { schedule: { c, d, n, numSteps }, noise, rowSize, windowSize, atol } = problem;
  const window = new SlidingWindow({
    size: windowSize,
    finished: numSteps,
    uninitialised: numSteps - 1,
  });
  const trajectory = noise.slice(), epsilon = new Float64Array(windowSize * rowSize);
  const rows = (array: Float64Array, from: number, to = from + 1) =>
    array.subarray(from * rowSize, to * rowSize);
  return {
    ...{ trajectory, window },
    ask() {
      const { from, to } = window.slide(), { start, end } = window, count = end - start;
      for (let t = from; t < to; t++) rows(trajectory, t).set(rows(trajectory, to));
      const steps = Int32Array.from({ length: count }, (_, i) => start + i);
      const latents = rows(trajectory, start + 1, end + 1);
      return { steps, latents, epsilon: rows(epsilon, 0, count) };
    },
    update() {
      const { start, end } = window, moves = new Float64Array(end - start);
      let above = rows(trajectory, end).slice(), next = rows(trajectory, end).slice();
      for (let t = end - 1; t >= start; t--) {
        const x = rows(trajectory, t), before = x.slice();
        const e = rows(epsilon, t - start), xi = rows(noise, t);
        next = next.map((y, i) => y + (c[t] - 1) * above[i] + d[t] * e[i] + n[t] * xi[i]);
        x.set(next);
        moves[t - start] = Math.sqrt(
          x.reduce((sum, y, i) => sum + (y - before[i]) ** 2, 0) / rowSize,
        );
        above = before;
      }
      const unfinished = moves.findLastIndex((move) => move > atol);
      window.advance(Math.min(unfinished < 0 ? start : start + unfinished + 1, end - 1));
      return moves;
    },
  };
}

if (import.meta.main) {
  const { sample } = await sequentialSample(denoiser, { schedule, noise });
  for (const method of [picard, "parataa", "tqn"] as const) {
    const result = await solve(denoiser, { schedule, noise, method });
    const error = Math.max(...result.sample.map((x, i) => Math.abs(x - sample[i])));
    const name = typeof method === "string" ? method : method.name;
    console.log(
      `${name}: ${result.rounds} rounds, ${result.nfe} evaluations, error ${
        error.toExponential(1)
      }`,
    );
  }
}
