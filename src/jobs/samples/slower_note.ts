/** Notes once per run if parallel sampling is slower than sequential sampling on a CPU. @module */
import type { Wording } from "../../errors.ts";
import { measureBatchTimes } from "../planning/batch_times.ts";
import type { Job } from "./job.ts";
import type { SampleContext } from "./sample_context.ts";

/** Maximum share of a sample's time spent on measuring, beyond one call. */
const MEASURING_SHARE = 0.05;
/** Timings vary: a smaller loss is not reported. */
const MIN_LOSS = 0.1;

/** Measured cost of a sample. */
export interface SampleCost {
  /** Sampling time. */
  seconds: number;
  /** Steps of sequential sampling. */
  timesteps: number;
  /** Whether some network outputs came from a log and took no time. */
  replayed: boolean;
}

/**
 * After the first sample of a CPU run, times calls of one step and adds a note if sequential
 * sampling would be faster.
 */
export async function noteIfSlower(
  { index, denoiser }: Pick<Job, "index" | "denoiser">,
  { seconds, timesteps, replayed }: SampleCost,
  { manifest, settings, watch, signal }: SampleContext,
): Promise<void> {
  const { concurrentSamples: atOnce = 1 } = settings;
  const isAlone = index === 0 && atOnce === 1 && !replayed;
  if (!isAlone || !watch.advise || settings.method === "sequential") return;
  // A window of one step is sequential sampling.
  if (manifest.provider !== "cpu" || settings.windowSize === 1) return;
  const budgetSeconds = MEASURING_SHARE * seconds;
  const [step] = await measureBatchTimes(denoiser, { numSteps: 1, signal, budgetSeconds });
  const line = slowerLine(seconds, timesteps * step.seconds);
  if (line !== undefined) watch.note(line);
}

/** Note on a sample that took longer than sequential sampling; `undefined` if it did not. */
export function slowerLine(seconds: number, sequential: number): Wording | undefined {
  if (seconds <= (1 + MIN_LOSS) * sequential) return undefined;
  return (name) =>
    `sequential sampling would take ${sequential.toPrecision(2)} s here, not ${
      seconds.toPrecision(2)
    } s: ${name("windowSize")} auto measures the device and chooses the fastest window`;
}
