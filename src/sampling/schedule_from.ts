/**
 * A schedule of your own: any chain of steps x_t = c_t x_(t+1) + d_t ε_t + n_t ξ_t.
 * @module
 */
import type { Schedule } from "./schedule.ts";

/** What {@link scheduleFrom} takes: one entry per step t = 0 … T−1, step 0 being the last to be taken. */
export interface OwnSchedule {
  /** Factor of x_(t+1). */
  c: ArrayLike<number>;
  /** Factor of the predicted noise; not 0. */
  d: ArrayLike<number>;
  /** Factor of the noise that step t adds; zeros by default. */
  n?: ArrayLike<number>;
  /** ᾱ at the level of step t: x_(t+1) is √ᾱ x_0 + √(1−ᾱ) noise. Above 0, below 1, and not rising with t. */
  alphasCumprod: ArrayLike<number>;
  /** ᾱ at the level that step t leads to; by default that of step t−1, and 1 for step 0. */
  alphasCumprodPrev?: ArrayLike<number>;
  /** What the network is told at step t; by default t. Whole numbers. */
  timesteps?: ArrayLike<number>;
  /** Unit of the relative tolerance; by default the standard deviation of DDPM's noise between the two levels. */
  noiseScale?: ArrayLike<number>;
}

/**
 * A schedule from own coefficients, checked.
 *
 * @throws {RangeError} naming the array, the step, the value met and the values wanted
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
 */
export function scheduleFrom(own: OwnSchedule): Schedule {
  const numSteps = own.c.length;
  if (numSteps === 0) throw new RangeError("c has no entries, wanted one per step");
  const read = (name: keyof OwnSchedule, values: ArrayLike<number>, limits: Limits) =>
    checked(name, values, numSteps, limits);
  const alphas = read("alphasCumprod", own.alphasCumprod, { above: 0, below: 1 });
  alphas.forEach((alpha, t) => {
    if (t === 0 || alpha <= alphas[t - 1]) return;
    throw new RangeError(
      `alphasCumprod[${t}] is ${alpha}, wanted at most alphasCumprod[${t - 1}], ${
        alphas[t - 1]
      }: ` +
        "entry 0 belongs to the last step, the cleanest",
    );
  });
  const shifted = Float64Array.of(1, ...alphas.subarray(0, -1));
  const prev = read("alphasCumprodPrev", own.alphasCumprodPrev ?? shifted, { above: 0, to: 1 });
  const d = read("d", own.d, {});
  const still = d.indexOf(0);
  if (still >= 0) throw new RangeError(`d[${still}] is 0, wanted a step that uses the network`);
  const ddpm = alphas.map((a, t) =>
    Math.sqrt(Math.max((1 - prev[t]) / (1 - a) * (1 - a / prev[t]), 0))
  );
  return {
    numSteps,
    timesteps: wholeNumbers(own.timesteps ?? alphas.map((_, t) => t), numSteps),
    alphasCumprod: alphas,
    alphasCumprodPrev: prev,
    c: read("c", own.c, {}),
    d,
    n: read("n", own.n ?? new Float64Array(numSteps), { from: 0 }),
    noiseScale: read("noiseScale", own.noiseScale ?? ddpm, { from: 0 }),
  };
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

function wholeNumbers(values: ArrayLike<number>, count: number): Int32Array {
  checkLength("timesteps", values, count);
  return Int32Array.from(values, (value, t) => {
    if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value;
    throw new RangeError(`timesteps[${t}] is ${value}, wanted a whole number from 0 to 2147483647`);
  });
}

function checkLength(name: string, values: ArrayLike<number>, count: number): void {
  if (values.length === count) return;
  throw new RangeError(`${name} has ${values.length} entries, wanted ${count}, as many as c`);
}
