/** Whether parallel sampling pays on a CPU, told once a run. @module */
import type { Wording } from "../../errors.ts";
import { measureBatchTimes } from "../planning/batch_times.ts";
import type { Job } from "./job.ts";
import type { SampleContext } from "./sample_context.ts";

/** Part of a sample's time that measuring may take, beyond one call. */
const MEASURING_SHARE = 0.05;
/** Times waver: less is not called slower. */
const LEAST_LOSS = 0.1;

/** What a sample took. */
export interface Taken {
  /** Of sampling. */
  seconds: number;
  /** Steps that sequential sampling takes. */
  timesteps: number;
  /** Whether some of its answers came from a log, in no time. */
  replayed: boolean;
}

/** After the first sample of a run on the CPU, says how long sequential sampling takes where that is less, by timing calls of one step. */
export async function noteIfSlower(
  { index, denoiser }: Pick<Job, "index" | "denoiser">,
  { seconds, timesteps, replayed }: Taken,
  { manifest, settings, watch, signal }: SampleContext,
): Promise<void> {
  const atOnce = "concurrentSamples" in settings ? settings.concurrentSamples : 1;
  const isAlone = index === 0 && atOnce === 1 && !replayed;
  if (!isAlone || !watch.advise || settings.method === "sequential") return;
  // A window of one step is sequential sampling: auto takes it where nothing is faster.
  if (manifest.provider !== "cpu" || settings.windowSize === 1) return;
  const budgetSeconds = MEASURING_SHARE * seconds;
  const [step] = await measureBatchTimes(denoiser, { numSteps: 1, signal, budgetSeconds });
  const line = slowerLine(seconds, timesteps * step.seconds);
  if (line !== undefined) watch.note(line);
}

/** The line of a sample that took longer than sequential sampling would; `undefined` where it did not. */
export function slowerLine(seconds: number, sequential: number): Wording | undefined {
  if (seconds <= (1 + LEAST_LOSS) * sequential) return undefined;
  return (name) =>
    `sequential sampling would take ${sequential.toPrecision(2)} s here, not ${
      seconds.toPrecision(2)
    } s: ${name("windowSize")} auto measures the device and chooses the fastest window`;
}
