/**
 * Schedules from custom coefficients: any chain of steps x_t = c_t x_(t+1) + d_t e_t + n_t ξ_t.
 * @module
 */
import { ancestralScale } from "./ancestral.ts";
import { checkNumber } from "../arguments.ts";
import type { ScaledSchedule, Schedule } from "./schedule.ts";

/**
 * The coefficients of {@link scheduleFrom}, one entry per step t = 0 … T−1. Step 0 is the last one
 * of a run.
 */
export interface OwnSchedule {
  /** Factor of x_(t+1). */
  c: ArrayLike<number>;
  /** Factor of the prediction; not 0. */
  d: ArrayLike<number>;
  /** Factor of the noise that step t adds; zeros by default. */
  n?: ArrayLike<number>;
  /**
   * ᾱ at the start of step t: above 0 (or at least 0 if `clean` is given), below 1, not increasing
   * with t. Default: that of `signal` and `sigma`.
   */
  alphasCumprod?: ArrayLike<number>;
  /** ᾱ at the end of step t; default that at the start of step t−1, and 1 for step 0. */
  alphasCumprodPrev?: ArrayLike<number>;
  /** Factor of the sample in x_(t+1) = signal x_0 + sigma noise; default √ᾱ. */
  signal?: ArrayLike<number>;
  /** Factor of the noise in x_(t+1), above 0; default √(1−ᾱ). */
  sigma?: ArrayLike<number>;
  /**
   * q of (x_(t+1) − sigma e)/q, the sample that a prediction e implies. Default `signal`, for a
   * prediction of the noise; give 1 for a flow's velocity.
   */
  clean?: ArrayLike<number>;
  /** Factor of x_(t+1) that gives the network's input, at unit scale; default 1. */
  inputScale?: ArrayLike<number>;
  /** The network's timestep at step t; default t. */
  timesteps?: ArrayLike<number>;
  /**
   * Unit of the relative tolerance; default the standard deviation of the noise that DDPM adds
   * between the two levels.
   */
  noiseScale?: ArrayLike<number>;
  /** Scale of x_T, a multiple of standard normal noise; default 1. */
  initialScale?: number;
}

/**
 * Creates a schedule from custom coefficients.
 *
 * @throws {RangeError} if an entry is out of its range
 * @throws {TypeError} if neither `alphasCumprod` nor both `signal` and `sigma` are given
 * @example DDIM between three levels, written out
 * ```ts
 * import { scheduleFrom } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const alphasCumprod = [0.9, 0.5, 0.1], prev = [1, 0.9, 0.5];
 * const c = alphasCumprod.map((a, t) => Math.sqrt(prev[t] / a));
 * const d = alphasCumprod.map((a, t) => Math.sqrt(1 - prev[t]) - Math.sqrt(1 - a) * c[t]);
 * const schedule = scheduleFrom({ c, d, alphasCumprod });
 * assert.equal(schedule.numSteps, 3);
 * assert.deepEqual([...schedule.alphasCumprodPrev], prev);
 * ```
 * @example Euler's method on a flow, x_(t+1) = (1 − σ) x_0 + σ noise, whose network predicts noise
 * − x_0
 * ```ts
 * import { scheduleFrom } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const sigma = [0.25, 0.6, 1], one = [1, 1, 1];
 * const schedule = scheduleFrom({
 *   c: one,
 *   d: sigma.map((s, t) => (t === 0 ? 0 : sigma[t - 1]) - s),
 *   signal: sigma.map((s) => 1 - s),
 *   sigma,
 *   clean: one,
 *   timesteps: sigma.map((s) => 1000 * s),
 * });
 * assert.equal(schedule.alphasCumprod[2], 0);
 * ```
 */
export function scheduleFrom(own: OwnSchedule): ScaledSchedule {
  const numSteps = own.c.length;
  if (numSteps === 0) throw new RangeError("c has no entries, wanted one per step");
  const read = (name: ArrayName, values: ArrayLike<number>, limits: Limits) =>
    checked(name, values, numSteps, limits);
  const levels = readLevels(own, read);
  const { alphasCumprod, signal, sigma } = levels;
  const shifted = Float64Array.of(1, ...alphasCumprod.subarray(0, -1));
  const prev = read("alphasCumprodPrev", own.alphasCumprodPrev ?? shifted, { above: 0, to: 1 });
  const ones = new Float64Array(numSteps).fill(1);
  const ddpm = own.signal || own.sigma
    ? ancestralScale({ signal, sigma })
    : alphasCumprod.map((a, t) =>
      Math.sqrt(Math.max((1 - prev[t]) / (1 - a) * (1 - a / prev[t]), 0))
    );
  return {
    numSteps,
    timesteps: readTimesteps(own.timesteps ?? alphasCumprod.map((_, t) => t), numSteps),
    ...levels,
    clean: nonZero("clean", read("clean", own.clean ?? signal, {}), "a sample in the latent"),
    inputScale: read("inputScale", own.inputScale ?? ones, { above: 0 }),
    alphasCumprodPrev: prev,
    c: read("c", own.c, {}),
    d: nonZero("d", read("d", own.d, {}), "a step that uses the network"),
    n: read("n", own.n ?? new Float64Array(numSteps), { from: 0 }),
    noiseScale: read("noiseScale", own.noiseScale ?? ddpm, { from: 0 }),
    ...readInitialScale(own),
  };
}

type ArrayName = Exclude<keyof OwnSchedule, "initialScale">;
type Read = (name: ArrayName, values: ArrayLike<number>, limits: Limits) => Float64Array;
type Levels = Pick<Schedule, "alphasCumprod" | "signal" | "sigma">;

/** Levels given as ᾱ, as signal and sigma, or as both. */
function readLevels(own: OwnSchedule, read: Read): Levels {
  const signal = own.signal && read("signal", own.signal, { from: 0 });
  const sigma = own.sigma && read("sigma", own.sigma, { above: 0 });
  const given = own.alphasCumprod ??
    (sigma && signal?.map((a, t) => a * a / (a * a + sigma[t] ** 2)));
  if (given === undefined) {
    throw new TypeError("the levels are not given, wanted alphasCumprod, or signal and sigma");
  }
  const limits = own.clean ? { from: 0, below: 1 } : { above: 0, below: 1 };
  const alphasCumprod = read("alphasCumprod", given, limits);
  checkOrder(alphasCumprod);
  return {
    alphasCumprod,
    signal: signal ?? alphasCumprod.map(Math.sqrt),
    sigma: sigma ?? alphasCumprod.map((a) => Math.sqrt(1 - a)),
  };
}

function checkOrder(alphas: Float64Array): void {
  const t = alphas.findIndex((alpha, t) => t > 0 && alpha > alphas[t - 1]);
  if (t < 0) return;
  throw new RangeError(
    `alphasCumprod[${t}] is ${alphas[t]}, wanted at most alphasCumprod[${t - 1}], ` +
      `${alphas[t - 1]}: entry 0 belongs to the last step, the cleanest`,
  );
}

function nonZero(name: string, values: Float64Array, wanted: string): Float64Array {
  const t = values.indexOf(0);
  if (t >= 0) throw new RangeError(`${name}[${t}] is 0, wanted ${wanted}`);
  return values;
}

/** Bounds of an entry: exclusive `above` and `below`, inclusive `from` and `to`. */
type Limits = Partial<Record<"above" | "below" | "from" | "to", number>>;

function checked(
  name: string,
  values: ArrayLike<number>,
  count: number,
  { above, below, from, to }: Limits,
): Float64Array {
  checkLength(name, values, count);
  const bounds = [
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
    ...(to === undefined ? [] : [`to ${to}`]),
  ];
  return Float64Array.from(values, (value, t) => {
    const inside = Number.isFinite(value) && value > (above ?? -Infinity) &&
      value < (below ?? Infinity) && value >= (from ?? -Infinity) && value <= (to ?? Infinity);
    if (inside) return value;
    const wanted = ["a finite number", ...bounds].join(" ");
    throw new RangeError(`${name}[${t}] is ${value}, wanted ${wanted}`);
  });
}

/** As an Int32Array, unless the caller's array is a Float64Array or holds a fraction. */
function readTimesteps(values: ArrayLike<number>, count: number): Int32Array | Float64Array {
  const timesteps = checked("timesteps", values, count, { from: 0, below: 2 ** 31 });
  const whole = !(values instanceof Float64Array) && timesteps.every(Number.isInteger);
  return whole ? Int32Array.from(timesteps) : timesteps;
}

function readInitialScale({ initialScale }: OwnSchedule): Pick<OwnSchedule, "initialScale"> {
  if (initialScale === undefined) return {};
  checkNumber("initialScale", initialScale, Number.MIN_VALUE, Number.MAX_VALUE);
  return { initialScale };
}

function checkLength(name: string, values: ArrayLike<number>, count: number): void {
  if (values.length === count) return;
  throw new RangeError(`${name} has ${values.length} entries, wanted ${count}, as many as c`);
}
