/** Solves several samples at once and writes their files in order. @module */
import type { Jobs, Outcome } from "./job.ts";
import { type StartedSample, startSample } from "./run_sample.ts";
import type { SampleContext } from "./sample_context.ts";

/**
 * Solves up to `atOnce` jobs at a time and yields their outcomes in order. With one at a time, each
 * job sees the outcome of the previous one. The devices process the rows of all jobs in order of
 * arrival.
 */
export async function* runConcurrently(
  jobs: Jobs,
  context: SampleContext,
  atOnce: number,
): AsyncGenerator<Outcome> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const started: StartedSample[] = [];
  let outcome: Outcome | undefined;
  let more = true;
  try {
    for (;;) {
      while (more && started.length < atOnce) {
        const { done, value: job } = await (outcome ? jobs.next(outcome) : jobs.next());
        outcome = undefined;
        if (done) more = false;
        else started.push(startSample(job, { ...context, signal }));
      }
      const [first] = started;
      if (!first) return;
      outcome = await first.finish();
      started.shift();
      yield outcome;
    }
  } finally {
    // After a failure, wait until the other jobs have released the devices, before those are
    // closed.
    stop.abort();
    await Promise.all(started.map(({ over }) => over));
  }
}
