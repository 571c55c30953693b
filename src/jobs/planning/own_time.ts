/** Measures the solver's own time. @module */
import type { Denoiser } from "../../sampling/denoiser.ts";
import { parallelSample } from "../../sampling/parallel_sampler.ts";
import type { Method } from "../../sampling/options.ts";
import type { Schedule } from "../../sampling/schedules/schedule.ts";

/** A short chain to measure with. */
export interface OwnTimeOptions {
  method: Method;
  schedule: Schedule;
  /** Elements of one latent. */
  rowSize: number;
  /** Clock in seconds, with any origin. */
  clock?: () => number;
}

const WINDOW = 4, ROUNDS = 8;

/**
 * Seconds that the solver takes for a step of a round beside the network: the fastest of a few
 * rounds on a denoiser that copies its input. Other load only adds time.
 */
export async function measureOwnTime(
  { method, schedule, rowSize, clock = () => performance.now() / 1000 }: OwnTimeOptions,
): Promise<number> {
  const copying: Denoiser = {
    rowSize,
    predictNoise: (latents, _steps, out) => Promise.resolve(out.set(latents)),
  };
  const noise = new Float64Array((schedule.numSteps + 1) * rowSize).fill(1);
  const rounds = parallelSample(copying, {
    ...{ method, schedule, noise, preset: "fast", atol: 0, rtol: 0 },
    ...{ windowSize: WINDOW, maxRounds: ROUNDS },
  });
  let least = Infinity;
  for (;;) {
    const started = clock();
    const { done, value } = await rounds.next();
    if (done) return least === Infinity ? 0 : least;
    least = Math.min(least, (clock() - started) / value.evaluations);
  }
}
