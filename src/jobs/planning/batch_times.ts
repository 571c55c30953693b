/** Time of a denoiser's call as a function of the steps in it, measured on the device at hand. @module */
import { RuntimeLibraryError } from "../../errors.ts";
import type { Denoiser } from "../../sampling/denoiser.ts";
import { TorchGenerator } from "../../sampling/noise.ts";

/** Measured calls by their size. */
export interface BatchTime {
  /** Steps in the call; guidance makes two network rows of each. */
  steps: number;
  /** Time of the call. */
  seconds: number;
}

/** What to measure. */
export interface MeasureOptions {
  /** T. */
  numSteps: number;
  signal: AbortSignal;
  /** No call is begun that would end later; the first size is measured whatever it takes. */
  budgetSeconds?: number;
  /** Seconds, from any start. */
  clock?: () => number;
}

/** The first call of a size makes its buffers; what else the machine does only adds to a call, so the best of the others counts. */
const PASSES = 4;

/**
 * Times calls of 1, 2, 4, … T steps, all sizes in turn and that several times. It ends early where time runs out or the device has no
 * room for more.
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
      if (error instanceof RuntimeLibraryError && last) break; // no memory for so many rows
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

/** Powers of two up to T, and T. */
function sizes(numSteps: number): number[] {
  const powers = Array.from({ length: Math.ceil(Math.log2(numSteps)) }, (_, i) => 2 ** i);
  return [...powers, numSteps];
}

/**
 * Seconds of an evaluation of `steps` steps, whole or in parts, and the part that serves it best; linear between and beyond what was
 * measured.
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
