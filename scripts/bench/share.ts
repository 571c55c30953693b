/**
 * Measures the share of sampling time outside the network: the demo's DiT run with solver,
 * conversions and event loop, without images and files.
 * @module
 */
import { sampleRun } from "../../src/jobs/sample_run.ts";
import type { BenchRow } from "./table.ts";

/** Runs the demo's samples in a temporary folder. */
export async function benchShare(): Promise<BenchRow[]> {
  const outputPath = await Deno.makeTempDir();
  try {
    const settings = { task: "dit", numSamples: 3, numInferenceSteps: 100, outputPath } as const;
    const { figures } = await sampleRun("models/dit-emoji", settings);
    const { seconds, networkSeconds, rounds, nfe } = figures;
    return [{
      group: "the demo's sampling time",
      name: "outside the network",
      value: 100 * (1 - networkSeconds / seconds),
      unit: "%",
      note: `DiT, T 100, window 100, three samples, mean ${rounds.toFixed(1)} rounds, ${
        nfe.toFixed(0)
      } evaluations`,
    }];
  } finally {
    await Deno.remove(outputPath, { recursive: true });
  }
}
