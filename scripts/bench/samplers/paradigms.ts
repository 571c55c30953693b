/**
 * ParaDiGMS (Shih et al., "Parallel sampling of diffusion models", 2023): Picard iteration over a
 * sliding window, with its own stopping rule.
 *
 * | paper | here |
 * |---|---|
 * | window [t, t + p) | `window`, `windowSize` |
 * | drift of a step: Step(x) − x | `drift` |
 * | x_t ← x at the window's top plus the drifts between | `update` |
 * | τ: x_t moved by at most τ times the noise of the step below | `rtol`, `noiseBelow` |
 * @module
 */
import { latentScale } from "../../../src/sampling/latent_scale.ts";
import { differenceProducts } from "../../../src/sampling/reductions.ts";
import type { SolverProblem } from "../../../src/sampling/options.ts";
import { firstTrajectory, type Solver } from "../../../src/sampling/solver.ts";
import { row, step } from "../../../src/sampling/system.ts";
import { finishedIndex, SlidingWindow } from "../../../src/sampling/window.ts";

/**
 * Creates a ParaDiGMS solver, for the option `method`, with its tolerance as `rtol`. Its residuals
 * are the moves.
 */
export function paradigms(problem: SolverProblem): Solver {
  const { schedule, noise, rowSize, windowSize, atol, rtol } = problem, { numSteps } = schedule;
  const trajectory = firstTrajectory(problem), epsilon = new Float64Array(windowSize * rowSize);
  const window = new SlidingWindow({
    size: windowSize,
    finished: problem.variationSteps,
    uninitialised: problem.initialTrajectory ? -1 : numSteps - 1,
  });
  const noiseBelow = Float64Array.of(0, ...schedule.noiseScale.subarray(0, -1));
  const rule = { atol, rtol, scale: latentScale(schedule), noiseScale: noiseBelow };
  const x = (t: number) => row(trajectory, t, rowSize);
  return {
    ...{ trajectory, window },
    ask() {
      const { from, to } = window.slide(), { start, end } = window;
      for (let t = from; t < to; t++) x(t).set(x(to));
      return {
        steps: Int32Array.from({ length: end - start }, (_, i) => start + i),
        latents: trajectory.subarray((start + 1) * rowSize, (end + 1) * rowSize),
        epsilon: epsilon.subarray(0, (end - start) * rowSize),
      };
    },
    update() {
      const { start, end } = window, moves = new Float64Array(end - start);
      const next = x(end).slice(), drift = new Float64Array(rowSize);
      let above = x(end).slice();
      for (let t = end - 1; t >= start; t--) {
        const before = x(t).slice(), e = row(epsilon, t - start, rowSize);
        step(schedule, t, { x: above, epsilon: e, xi: row(noise, t, rowSize), out: drift });
        for (let i = 0; i < rowSize; i++) next[i] += drift[i] - above[i];
        x(t).set(next);
        moves[t - start] = Math.sqrt(differenceProducts(next, before).square / rowSize);
        above = before;
      }
      window.advance(finishedIndex(window, moves, rule));
      return moves;
    },
  };
}
