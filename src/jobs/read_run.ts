/** Reads a finished run. @module */
import { readFinishedRun } from "../runs/finished_run.ts";
import { type RunResult, runResult } from "./run_result.ts";

/**
 * Reads a finished run; returns what `sampleRun` returned. Every file is checked against the hash
 * in the manifest. Images, trajectories and rounds are read on demand.
 *
 * @param path folder of the run
 * @throws {FormatError} when it is not a finished run, or a file is damaged or missing
 *
 * @example
 * ```ts
 * import { readRun, sampleRun } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const outputPath = await Deno.makeTempDir();
 * const settings = { task: "dit", classLabels: [3], numInferenceSteps: 6, outputPath } as const;
 * const run = await sampleRun("models/dit-emoji", settings);
 * const { figures, samples } = await readRun(run.path);
 * assert.equal(figures.rounds, run.figures.rounds);
 * assert.equal((await samples[0].image()).width, 64);
 * await Deno.remove(outputPath, { recursive: true });
 * ```
 */
export async function readRun(path: string): Promise<RunResult> {
  return runResult(path, await readFinishedRun(path));
}
