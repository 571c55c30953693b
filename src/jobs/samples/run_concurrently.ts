/** Several samples in flight, their files written one after another in their order. @module */
import type { Jobs, Outcome } from "./job.ts";
import { beginSample, type BegunSample } from "./run_sample.ts";
import type { SampleContext } from "./sample_context.ts";

/**
 * Solves up to `atOnce` jobs at a time and yields their outcomes in order; with one at a time each job sees the outcome of the one
 * before it. Devices take the rows of all of them in the order in which they come.
 */
export async function* runConcurrently(
  jobs: Jobs,
  context: SampleContext,
  atOnce: number,
): AsyncGenerator<Outcome> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const begun: BegunSample[] = [];
  let outcome: Outcome | undefined;
  let more = true;
  try {
    for (;;) {
      while (more && begun.length < atOnce) {
        const { done, value: job } = await (outcome ? jobs.next(outcome) : jobs.next());
        outcome = undefined;
        if (done) more = false;
        else begun.push(beginSample(job, { ...context, signal }));
      }
      const [first] = begun;
      if (!first) return;
      outcome = await first.finish();
      begun.shift();
      yield outcome;
    }
  } finally {
    // Where one failed, the others must have let go of the devices before those are closed.
    stop.abort();
    await Promise.all(begun.map(({ over }) => over));
  }
}
