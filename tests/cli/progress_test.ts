import assert from "node:assert/strict";
import { createProgress } from "../../src/cli/progress.ts";
import type { RoundEvent } from "../../src/jobs/progress.ts";

/** What is written to standard error meanwhile. */
function told(work: () => void): string {
  const { writeSync } = Deno.stderr;
  let text = "";
  Deno.stderr.writeSync = (bytes) => {
    text += new TextDecoder().decode(bytes);
    return bytes.length;
  };
  try {
    work();
  } finally {
    Deno.stderr.writeSync = writeSync;
  }
  return text;
}

Deno.test("createProgress() reports a rising finished index for that sample only", () => {
  const progress = createProgress({ quiet: false, json: false, verbose: true });
  const round = (event: Pick<RoundEvent, "sample" | "round" | "finishedIndex">) =>
    progress.show({
      event: "round",
      ...event,
      samples: 2,
      timesteps: 50,
      evaluations: 1,
      residual: 1,
    });
  const end = (sample: number) =>
    progress.show({
      ...{
        event: "sample",
        sample,
        samples: 2,
        label: "heart",
        rounds: 4,
        nfe: 9,
        timesteps: 50,
        seconds: 1,
        trusted: true,
      },
    });
  const text = told(() => {
    [40, 9, 30, 0].forEach((finishedIndex, i) => {
      round({ sample: 0, round: i + 1, finishedIndex });
      if (i > 0) round({ sample: 1, round: i, finishedIndex: 45 - i }); // at once, not shown
    });
    end(0);
    round({ sample: 1, round: 4, finishedIndex: 20 });
    end(1);
  });
  const lines = text.trimEnd().split("\n");
  const more = "sample 1/2: errors grow on this chain, it is solved once more";
  assert.deepEqual(lines.flatMap((line, i) => line === more ? [i] : []), [2]);
  assert.equal(lines.length, 4 + 1 + 1 + 1 + 1);
});
