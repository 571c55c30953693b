/**
 * DPM-Solver++ 2M (Lu et al., "DPM-Solver++: fast solver for guided sampling of diffusion
 * probabilistic models", 2022) on the levels of any schedule that adds no noise.
 *
 * | paper | here |
 * |---|---|
 * | λ = ln(signal/noise) at a step's level, h_t: its growth in step t | `logRatios`, `growth` |
 * | r_t = h_(t+1)/h_t | |
 * | D_t, the sample that the prediction of step t implies | `clean` |
 * | x_t = c x_(t+1) + d e, e of D_t + (D_t − D_(t+1))/(2 r_t) | e − q/(2 r s) (D_t − D_(t+1)) |
 *
 * The first step, and a last step that ends at no noise, are of first order, as in diffusers'
 * `DPMSolverMultistepScheduler`. A step keeps the form c x + d e, so that all samplers can use it.
 * D_(t+1) comes from the same call or from the last evaluation of step t+1, which is final before
 * step t is. A sampler's prediction of e ignores that D_(t+1) changes too.
 * @module
 */
import type { Denoiser } from "../denoiser.ts";
import { predictSample } from "../predict_sample.ts";
import type { Schedule } from "./schedule.ts";
import { row } from "../system.ts";

/** Options of {@link secondOrder}. */
export interface SecondOrderOptions {
  /** The schedule of the denoiser; no step may add noise. */
  schedule: Schedule;
}

/**
 * Wraps a denoiser so that its predictions make every step one of second order. The wrapper keeps
 * the last evaluations: create one for each run.
 *
 * @throws {RangeError} if a step of the schedule adds noise
 * @example
 * ```ts
 * import { createSchedule, type Denoiser, secondOrder, solve } from "@parataa/parataa";
 * import { sequentialSample } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const levels = { kind: "dit", timestepSpacing: "trailing" } as const;
 * const schedule = createSchedule({ ...levels, numInferenceSteps: 20 });
 * const denoiser: Denoiser = { // exact for data drawn from N(0, 1/4)
 *   rowSize: 1,
 *   predictNoise(latents, steps, out) {
 *     steps.forEach((t, i) => {
 *       const a = schedule.alphasCumprod[t];
 *       out[i] = Math.sqrt(1 - a) * latents[i] / (1 - 0.75 * a);
 *     });
 *     return Promise.resolve();
 *   },
 * };
 * const noise = new Float64Array(21).fill(1);
 * const exact = 0.5; // the limit for many steps
 * const first = await sequentialSample(denoiser, { schedule, noise });
 * const second = await sequentialSample(secondOrder(denoiser, { schedule }), { schedule, noise });
 * const parallel = await solve(secondOrder(denoiser, { schedule }), { schedule, noise });
 * assert.ok(Math.abs(second.sample[0] - exact) < Math.abs(first.sample[0] - exact) / 2);
 * assert.ok(Math.abs(parallel.sample[0] - second.sample[0]) < 1e-3);
 * ```
 */
export function secondOrder(denoiser: Denoiser, { schedule }: SecondOrderOptions): Denoiser {
  const { rowSize } = denoiser, weights = correctionWeights(schedule);
  const remembered: (Float64Array | undefined)[] = new Array(schedule.numSteps);
  return {
    rowSize,
    schedule,
    remembers: true,
    async predictNoise(latents, steps, out, signal) {
      await denoiser.predictNoise(latents, steps, out, signal);
      steps.forEach((t, i) => {
        const x = row(latents, i, rowSize), epsilon = row(out, i, rowSize);
        remembered[t] = predictSample(schedule, t, { x, epsilon, rowSize });
      });
      steps.forEach((t, i) => {
        const clean = remembered[t], above = remembered[t + 1], w = weights[t];
        if (w === 0 || clean === undefined || above === undefined) return;
        const e = row(out, i, rowSize);
        for (let j = 0; j < rowSize; j++) e[j] += w * (clean[j] - above[j]);
      });
    },
  };
}

/** −q/(2 r s) of every step; 0 for steps of first order. */
function correctionWeights(schedule: Schedule): Float64Array {
  const { n, sigma, clean, alphasCumprod, alphasCumprodPrev } = schedule;
  const noisy = n.findIndex((scale) => scale !== 0);
  if (noisy >= 0) {
    throw new RangeError(`n[${noisy}] is ${n[noisy]}, wanted 0: a schedule without noise, eta 0`);
  }
  const now = logRatios(alphasCumprod), next = logRatios(alphasCumprodPrev);
  const growth = now.map((lambda, t) => next[t] - lambda);
  return growth.map((h, t) => {
    const first = t === growth.length - 1 || h === Infinity;
    return first ? 0 : -clean[t] * h / (2 * sigma[t] * growth[t + 1]);
  });
}

/** λ of ᾱ. */
function logRatios(alphas: Float64Array): Float64Array {
  return alphas.map((a) => Math.log(a / (1 - a)) / 2);
}
