/**
 * Solvers over a {@link Denoiser}: sampling of diffusion models in parallel over timesteps, and
 * step by step. No network, no FFI and no permissions: everything is typed arrays.
 *
 * - {@link createSchedule} computes the steps of DDIM or DDPM from a model's noise levels, {@link
 *   createEulerSchedule} those of Euler's method, {@link createFlowSchedule} those of a flow model,
 *   and {@link scheduleFrom} those of your own coefficients.
 * - {@link outputWeights} converts a network's output to a prediction, {@link clipSample} clips the
 *   predicted sample, and {@link secondOrder} gives the steps of DPM-Solver++ 2M.
 * - {@link solve} samples all steps of a window at once, {@link parallelSample} yields every round,
 *   and {@link sequentialSample} samples one step after another.
 * - {@link TorchGenerator} draws the same noise as PyTorch, {@link drawNoise} the noise of a run;
 *   {@link renoise} creates a trajectory to start from.
 * - {@link Solver} is the interface of a method; the option `method` accepts your own.
 *
 * @example
 * ```ts
 * import { createSchedule, solve, TorchGenerator } from "@parataa/parataa/sampling";
 * import assert from "node:assert/strict";
 *
 * const schedule = createSchedule({ kind: "dit", numInferenceSteps: 10 });
 * const denoiser = { // predicts that the data are all zeros
 *   rowSize: 2,
 *   predictNoise(latents: Float64Array, steps: Int32Array, out: Float64Array) {
 *     const variance = (i: number) => 1 - schedule.alphasCumprod[steps[Math.floor(i / 2)]];
 *     latents.forEach((x, i) => out[i] = x / Math.sqrt(variance(i)));
 *     return Promise.resolve();
 *   },
 * };
 * const noise = new TorchGenerator(0).randn(11 * 2);
 * const { sample } = await solve(denoiser, { schedule, noise });
 * assert.ok(sample.every((x) => Math.abs(x) < 1e-9));
 * ```
 * @module
 */
export * from "./src/errors.ts";
export type { Precision } from "./src/sampling/schedules/alphas_cumprod.ts";
export {
  type OutputWeights,
  outputWeights,
  type PredictionType,
} from "./src/sampling/schedules/output_weights.ts";
export { type ClipOptions, clipSample } from "./src/sampling/schedules/clip_sample.ts";
export type { Denoiser } from "./src/sampling/denoiser.ts";
export { drawNoise, type NoiseOptions } from "./src/sampling/schedules/draw_noise.ts";
export {
  createEulerSchedule,
  type EulerScheduleOptions,
} from "./src/sampling/schedules/euler_schedule.ts";
export {
  createMultistepSchedule,
  type MultistepScheduleOptions,
} from "./src/sampling/schedules/multistep_schedule.ts";
export type { EulerSigmaOptions } from "./src/sampling/schedules/euler_sigmas.ts";
export {
  createFlowSchedule,
  type FlowScheduleOptions,
} from "./src/sampling/schedules/flow_schedule.ts";
export {
  flowShift,
  type FlowShiftOptions,
  type FlowSigmaOptions,
} from "./src/sampling/schedules/flow_sigmas.ts";
export { TorchGenerator } from "./src/sampling/noise.ts";
export type {
  Method,
  SampleOptions,
  SolverFactory,
  SolverProblem,
} from "./src/sampling/options.ts";
export { parallelSample } from "./src/sampling/parallel_sampler.ts";
export { FAST_FLOW_TQN, FAST_RTOL_RATIO, FAST_TQN, type Preset } from "./src/sampling/presets.ts";
export { renoise, type RenoiseOptions } from "./src/sampling/renoise.ts";
export type { Round, SampleResult } from "./src/sampling/results.ts";
export {
  createSchedule,
  type ScaledSchedule,
  type Schedule,
  type ScheduleOptions,
} from "./src/sampling/schedules/schedule.ts";
export { type OwnSchedule, scheduleFrom } from "./src/sampling/schedules/schedule_from.ts";
export type {
  BetaSchedule,
  ScheduleKind,
  SchedulerConfig,
} from "./src/sampling/schedules/scheduler_config.ts";
export type { SigmaSpacing } from "./src/sampling/schedules/sigma_spacing.ts";
export type { TimestepSpacing } from "./src/sampling/schedules/timestep_spacing.ts";
export { secondOrder, type SecondOrderOptions } from "./src/sampling/schedules/second_order.ts";
export { type SequentialOptions, sequentialSample } from "./src/sampling/sequential_sampler.ts";
export { solve, type SolveOptions } from "./src/sampling/solve.ts";
export type { EvaluationRequest, Solver, SolverWindow } from "./src/sampling/solver.ts";
export type { TqnOptions } from "./src/sampling/tqn/tqn_options.ts";
export { SlidingWindow } from "./src/sampling/window.ts";
