/**
 * The noise levels of a run and the coefficients of its steps.
 *
 * | paper | here |
 * |---|---|
 * | ᾱ at entry t, ᾱ′ at the next lower one | `alphasCumprod[t]`, `alphasCumprodPrev[t]` |
 * | √ᾱ, √(1−ᾱ): x_(t+1) = √ᾱ x_0 + √(1−ᾱ) ε | `signal[t]`, `sigma[t]` |
 * | q of x_0 = (x_(t+1) − √(1−ᾱ) e)/q: √ᾱ for e = ε; 1 if ᾱ = 0, for e = ε − x_0 | `clean[t]` |
 * | thr_t = √((1−ᾱ′)/(1−ᾱ)) √(1−ᾱ/ᾱ′) | `noiseScale[t]` |
 * | n_t = η thr_t, n_0 = 0 | `n[t]` |
 * | c_t = √(ᾱ′/ᾱ) | `c[t]` |
 * | d_t = √(max(1−ᾱ′−n_t², 0)) − √(1−ᾱ) c_t | `d[t]` |
 * | where ᾱ = 0: c_t = √ᾱ′ + √(max(1−ᾱ′−n_t², 0)), d_t = −√ᾱ′ | `c[t]`, `d[t]` |
 * @module
 */
import { alphasCumprod, checkLevels, type Precision } from "./alphas_cumprod.ts";
import { checkNumber, checkOneOf } from "../arguments.ts";
import { type ScheduleKind, type SchedulerConfig, schedulerConfig } from "./scheduler_config.ts";
import { customTimesteps, visitedTimesteps } from "./timestep_spacing.ts";

/**
 * The steps of a run, one entry per t = 0 … T−1. Step t computes x_t = c_t x_(t+1) + d_t e_t + n_t
 * ξ_t, and x_0 is the sample. The denoiser predicts e: the noise ε, or a flow's velocity ε − x_0.
 */
export interface Schedule {
  /** T, the number of steps. */
  readonly numSteps: number;
  /**
   * The network's timestep at step t: a training level, which may lie between two, or 1000 σ of a
   * flow.
   */
  readonly timesteps: Int32Array | Float64Array;
  /** Factor of the sample in x_(t+1) = signal x_0 + sigma ε. */
  readonly signal: Float64Array;
  /** Factor of the noise ε in x_(t+1); above 0. */
  readonly sigma: Float64Array;
  /**
   * q of D = (x_(t+1) − sigma e)/q, the sample that a prediction e implies: `signal` where e is the
   * noise, 1 where it is the velocity of a flow. Not 0.
   */
  readonly clean: Float64Array;
  /** Factor of x_(t+1) that gives the network's input, which is at unit scale. */
  readonly inputScale: Float64Array;
  /** ᾱ at the start of step t; for chains other than DDIM's, at the same signal-to-noise ratio. */
  readonly alphasCumprod: Float64Array;
  /** ᾱ at the end of step t. */
  readonly alphasCumprodPrev: Float64Array;
  /** Factor of x_(t+1). */
  readonly c: Float64Array;
  /** Factor of the prediction e. */
  readonly d: Float64Array;
  /** Factor of the noise added at step t; 0 everywhere when eta is 0, and always at t = 0. */
  readonly n: Float64Array;
  /** Standard deviation of the noise that DDPM (eta 1) adds: the unit of the relative tolerance. */
  readonly noiseScale: Float64Array;
}

/** A schedule whose x_T may have a scale other than 1. */
export interface ScaledSchedule extends Schedule {
  /** Scale of x_T, a multiple of standard normal noise; default 1. */
  readonly initialScale?: number;
}

/** Options of {@link createSchedule}: fields of diffusers' scheduler configuration, and these. */
export interface ScheduleOptions extends Partial<SchedulerConfig> {
  /** Model whose training levels and spacing are the defaults. */
  kind: ScheduleKind;
  /** T: 1–1000 for DiT, 1–999 for Stable Diffusion. */
  numInferenceSteps: number;
  /** Custom training levels, highest first, instead of `timestepSpacing`. */
  timesteps?: ArrayLike<number>;
  /** 0 is DDIM, 1 is DDPM; default 0. */
  eta?: number;
  /** Precision of ᾱ, default float64; `float32` reproduces torch's values bit for bit. */
  precision?: Precision;
}

/**
 * The schedule of DDIM (eta 0) or DDPM (eta 1).
 *
 * @throws {RangeError} if an option is out of its range or the spacing leaves the training levels
 * @example
 * ```ts
 * import { createSchedule } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const schedule = createSchedule({ kind: "stable-diffusion", numInferenceSteps: 50 });
 * assert.deepEqual([...schedule.timesteps.slice(0, 3)], [1, 21, 41]);
 * assert.ok(schedule.alphasCumprodPrev[0] < 1);
 * ```
 */
export function createSchedule(options: ScheduleOptions): Schedule {
  const { kind, numInferenceSteps: numSteps, eta = 0, precision = "float64" } = options;
  const config = schedulerConfig(kind, options);
  checkNumber("eta", eta, 0, 1);
  checkOneOf("precision", precision, ["float64", "float32"]);
  const timesteps = options.timesteps
    ? customTimesteps(options.timesteps, { levels: config.numTrainTimesteps, count: numSteps })
    : visitedTimesteps(config, numSteps);
  const levels = alphasCumprod(config, precision);
  checkLevels(levels, config);
  const now = Float64Array.from(timesteps, (level) => levels[level]);
  return ddimSteps({ timesteps, now, final: config.setAlphaToOne ? 1 : levels[0], eta });
}

/** Levels of a DDIM chain. */
interface DdimLevels {
  /** Training level of every step. */
  timesteps: Int32Array;
  /** ᾱ at the start of every step. */
  now: Float64Array;
  /** ᾱ at the end of the last step; default 1. */
  final?: number;
  eta?: number;
}

/** The schedule of DDIM between given levels. */
export function ddimSteps({ timesteps, now, final = 1, eta = 0 }: DdimLevels): Schedule {
  const prev = Float64Array.of(final, ...now.subarray(0, -1));
  return { numSteps: now.length, timesteps, ...coefficients(now, prev, eta) };
}

function coefficients(now: Float64Array, prev: Float64Array, eta: number) {
  const noiseScale = now.map((a, t) =>
    Math.sqrt((1 - prev[t]) / (1 - a)) * Math.sqrt(1 - a / prev[t])
  );
  const n = noiseScale.map((scale, t) => t === 0 ? 0 : eta * scale);
  const kept = prev.map((a, t) => Math.sqrt(Math.max(1 - a - n[t] * n[t], 0)));
  const c = now.map((a, t) => a === 0 ? Math.sqrt(prev[t]) + kept[t] : Math.sqrt(prev[t] / a));
  const d = now.map((a, t) => a === 0 ? -Math.sqrt(prev[t]) : kept[t] - Math.sqrt(1 - a) * c[t]);
  const signal = now.map(Math.sqrt), sigma = now.map((a) => Math.sqrt(1 - a));
  const clean = signal.map((a) => a === 0 ? 1 : a);
  const levels = { signal, sigma, clean, inputScale: now.map(() => 1) };
  return { ...levels, alphasCumprod: now, alphasCumprodPrev: prev, c, d, n, noiseScale };
}
