import assert from "node:assert/strict";
import {
  noteIfSlower,
  type SampleCost,
  slowerLine,
} from "../../../src/jobs/samples/slower_note.ts";
import type { Job } from "../../../src/jobs/samples/job.ts";
import { asFlag } from "../../../src/arguments/setting_names.ts";
import { Watch } from "../../../src/jobs/progress.ts";
import type { SampleContext } from "../../../src/jobs/samples/sample_context.ts";

/**
 * Notes after a sample of ten steps on a denoiser whose calls take no time to speak of, and how
 * many calls there were.
 */
async function notes(
  { index = 0, provider = "cpu", advise = true, settings = {}, taken = {} }: {
    index?: number;
    provider?: string;
    advise?: boolean;
    settings?: object;
    taken?: Partial<SampleCost>;
  },
): Promise<{ lines: string[]; calls: number }> {
  let calls = 0;
  const lines: string[] = [];
  const predictNoise = (_: Float64Array, steps: Int32Array) => {
    calls++;
    assert.equal(steps.length, 1);
    return Promise.resolve();
  };
  const context = {
    manifest: { provider },
    settings: { method: "tqn", windowSize: 10, ...settings },
    watch: new Watch({
      ...{ spelling: asFlag, advise },
      onProgress: (event) => event.event === "note" && lines.push(event.line),
    }),
    signal: new AbortController().signal,
  } as unknown as SampleContext;
  const job = { index, denoiser: { rowSize: 4, predictNoise } } as unknown as Job;
  await noteIfSlower(job, { seconds: 1000, timesteps: 10, replayed: false, ...taken }, context);
  return { lines, calls };
}

Deno.test("slowerLine() returns a note only if sequential sampling is clearly faster", () => {
  assert.equal(slowerLine(1, 1), undefined);
  assert.equal(slowerLine(1.05, 1), undefined);
  assert.equal(slowerLine(1, 5), undefined);
  const line = slowerLine(3.21, 2.04);
  assert.equal(
    typeof line === "function" && line(asFlag),
    "sequential sampling would take 2.0 s here, not 3.2 s: " +
      "--window_size auto measures the device and chooses the fastest window",
  );
});

Deno.test("noteIfSlower() notes only a first sample on the CPU that ran alone, once per run", async () => {
  const { lines, calls } = await notes({});
  assert.equal(lines.length, 1);
  assert.match(lines[0], /not 1\.0e\+3 s: --window_size auto/);
  assert.ok(calls >= 1 && calls <= 4);
  const silent: Parameters<typeof notes>[0][] = [
    { index: 1 },
    { provider: "cuda" },
    { advise: false },
    { settings: { method: "sequential" } },
    { settings: { windowSize: 1 } },
    { settings: { concurrentSamples: 2 } },
    { taken: { replayed: true } },
  ];
  for (const options of silent) {
    const found = await notes(options);
    assert.deepEqual(found, { lines: [], calls: 0 }, JSON.stringify(options));
  }
  assert.deepEqual((await notes({ taken: { seconds: 0 } })).lines, []);
});
