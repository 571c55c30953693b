/** Measures the time of a denoiser call as a function of its number of steps. @module */
import { RuntimeLibraryError } from "../../errors.ts";
import type { Denoiser } from "../../sampling/denoiser.ts";
import { TorchGenerator } from "../../sampling/noise.ts";

/** Time of a call of one size. */
export interface BatchTime {
  /** Steps in the call; guidance uses two network rows each. */
  steps: number;
  /** Time of the call. */
  seconds: number;
}

/** Options of the measurement. */
export interface MeasureOptions {
  /** Number of sampling steps T. */
  numSteps: number;
  signal: AbortSignal;
  /** No call starts that would exceed the budget, except the first. */
  budgetSeconds?: number;
  /** Clock in seconds, with any origin. */
  clock?: () => number;
}

/**
 * The first call of a size allocates its buffers and is discarded. Other load only adds time, so
 * the fastest of the remaining calls counts.
 */
const PASSES = 4;

/**
 * Times calls of 1, 2, 4, … T steps in several passes over all sizes. Stops early when the time
 * budget is used or the device is out of memory.
 *
 * @throws {RuntimeLibraryError} when not even one step can be evaluated
 */
export async function measureBatchTimes(
  denoiser: Denoiser,
  { numSteps, signal, budgetSeconds = 10, clock = () => performance.now() / 1000 }: MeasureOptions,
): Promise<BatchTime[]> {
  const end = clock() + budgetSeconds;
  const time = async (steps: number) => {
    const latents = new TorchGenerator(0).randn(steps * denoiser.rowSize);
    const out = new Float64Array(latents.length);
    const indexes = Int32Array.from({ length: steps }, (_, i) => i);
    const started = clock();
    await denoiser.predictNoise(latents, indexes, out, signal);
    return clock() - started;
  };
  const times: BatchTime[] = [];
  for (const steps of sizes(numSteps)) {
    const last = times.at(-1);
    if (last && clock() + 2 * last.seconds > end) break;
    try {
      times.push({ steps, seconds: await time(steps) });
    } catch (error) {
      if (error instanceof RuntimeLibraryError && last) break; // out of memory at this size
      throw error;
    }
  }
  for (let pass = 1; pass < PASSES; pass++) {
    for (const [i, { steps, seconds }] of times.entries()) {
      if (clock() + seconds > end) continue;
      const again = await time(steps);
      times[i].seconds = pass === 1 ? again : Math.min(seconds, again);
    }
  }
  return times;
}

/** Powers of two below T, and T. */
function sizes(numSteps: number): number[] {
  const powers = Array.from({ length: Math.ceil(Math.log2(numSteps)) }, (_, i) => 2 ** i);
  return [...powers, numSteps];
}

/**
 * Estimated seconds to evaluate `steps` steps, in one call or split into equal parts, and the
 * fastest part size. Linear between and beyond the measured sizes.
 */
export function bestCall(
  times: readonly BatchTime[],
  steps: number,
): { seconds: number; part: number } {
  const whole = { seconds: interpolate(times, steps), part: Math.ceil(steps) };
  return times.filter((time) => time.steps < steps).reduce((best, { steps: part, seconds }) => {
    const calls = Math.floor(steps / part), rest = steps - calls * part;
    const total = calls * seconds + (rest > 0 ? interpolate(times, Math.max(rest, 1)) : 0);
    return total < best.seconds ? { seconds: total, part } : best;
  }, whole);
}

function interpolate(times: readonly BatchTime[], steps: number): number {
  const above = times.findIndex((time) => time.steps >= steps);
  if (above === 0) return times[0].seconds;
  if (above < 0) return times.at(-1)!.seconds * steps / times.at(-1)!.steps;
  const [a, b] = [times[above - 1], times[above]];
  return a.seconds + (b.seconds - a.seconds) * (steps - a.steps) / (b.steps - a.steps);
}
