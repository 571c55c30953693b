// Samples with your own denoiser, a function that predicts the noise of a latent. Here the data are
// two points in the plane, for which the best prediction is known in closed form.
//
//   deno run examples/own_denoiser.ts

import { createSchedule, type Denoiser, sequentialSample, solve, TorchGenerator } from "../mod.ts";

const POINTS = [[1, -2], [-3, 0.5]];
export const schedule = createSchedule({ kind: "dit", numInferenceSteps: 50 });

/**
 * Predicts the noise of x. x_0 is the mean of the points, weighted by their likelihood given x; the
 * noise is the rest of x.
 */
function predictNoise(x: Float64Array, alphaCumprod: number): number[] {
  const signal = Math.sqrt(alphaCumprod), spread = Math.sqrt(1 - alphaCumprod);
  const distances = POINTS.map((point) =>
    point.reduce((sum, p, i) => sum + (x[i] - signal * p) ** 2, 0) / (2 * spread ** 2)
  );
  const weights = distances.map((distance) => Math.exp(Math.min(...distances) - distance));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from(x, (value, i) => {
    const clean = POINTS.reduce((sum, point, k) => sum + weights[k] / total * point[i], 0);
    return (value - signal * clean) / spread;
  });
}

export const denoiser: Denoiser = {
  rowSize: 2,
  schedule,
  predictNoise(latents, steps, out) {
    steps.forEach((t, row) => {
      const x = latents.subarray(2 * row, 2 * row + 2);
      out.set(predictNoise(x, schedule.alphasCumprod[t]), 2 * row);
    });
    return Promise.resolve();
  },
};

export const noise = new TorchGenerator(0).randn(51 * denoiser.rowSize);

if (import.meta.main) {
  const { sample, rounds } = await solve(denoiser, { schedule, noise });
  const sequential = await sequentialSample(denoiser, { schedule, noise });
  console.log(`in parallel   ${[...sample].map((x) => x.toFixed(4))} after ${rounds} rounds`);
  console.log(`step by step  ${[...sequential.sample].map((x) => x.toFixed(4))} after 50 steps`);
}
