// Samples with your own solver: Picard iteration over a sliding window, as in ParaDiGMS (Shih et
// al., "Parallel sampling of diffusion models", 2023). It sets x_t to x at the window's top plus
// the drifts between them.
//
//   deno run examples/own_solver.ts                  compared with the others, in closed form
//   ./parataa dit --solver examples/own_solver.ts    on a model, or in an experiment

import type { Solver, SolverProblem } from "../mod.ts";

/**
 * Creates a Picard solver, for the option `method`. A step is finished if it moved by at most
 * `atol` (RMS).
 */
export default function picard(problem: SolverProblem): Solver {
  const { schedule: { c, d, n, numSteps }, noise, rowSize, windowSize, atol } = problem;
  const { initialTrajectory, variationSteps } = problem;
  const trajectory = (initialTrajectory ?? noise).slice();
  const epsilon = new Float64Array(windowSize * rowSize);
  const window = { start: numSteps, end: numSteps, finished: variationSteps };
  const rows = (array: Float64Array, from: number, to = from + 1) =>
    array.subarray(from * rowSize, to * rowSize);
  let lowest = initialTrajectory ? 0 : numSteps; // x_lowest … x_T are set
  return {
    ...{ trajectory, window },
    ask() {
      const end = window.finished, start = Math.max(end - windowSize, 0), count = end - start;
      for (; lowest > start; lowest--) rows(trajectory, lowest - 1).set(rows(trajectory, lowest));
      Object.assign(window, { start, end });
      const steps = Int32Array.from({ length: count }, (_, i) => start + i);
      const latents = rows(trajectory, start + 1, end + 1);
      return { steps, latents, epsilon: rows(epsilon, 0, count) };
    },
    update() {
      const { start, end } = window, moves = new Float64Array(end - start);
      let above = rows(trajectory, end).slice(), next = above;
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
      window.finished = Math.min(unfinished < 0 ? start : start + unfinished + 1, end - 1);
      return moves;
    },
  };
}

if (import.meta.main) {
  const { sequentialSample, solve } = await import("../mod.ts");
  const { denoiser, ...chain } = await import("./own_denoiser.ts");
  const { sample } = await sequentialSample(denoiser, chain);
  for (
    const [name, method] of Object.entries({ picard, parataa: "parataa", tqn: "tqn" } as const)
  ) {
    const { rounds, nfe, sample: ours } = await solve(denoiser, { ...chain, method });
    const error = Math.max(...ours.map((x, i) => Math.abs(x - sample[i]))).toExponential(1);
    console.log(`${name}: ${rounds} rounds, ${nfe} evaluations, error ${error}`);
  }
}
