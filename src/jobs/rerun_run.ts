/** Repeats a run from its manifest and compares every byte. @module */
import { mergeRecorded } from "../arguments/args_from.ts";
import { argumentsText } from "../arguments/record.ts";
import type { Overrides, Task } from "../arguments/settings.ts";
import { TASKS } from "../arguments/tasks.ts";
import {
  compareFiles,
  type Difference,
  explainDifferences,
  type FileComparison,
} from "../runs/compare_runs.ts";
import { readFinishedRun } from "../runs/finished_run.ts";
import type { Manifest } from "../runs/manifest.ts";
import { digestBytes } from "../storage/hash.ts";
import type { WatchOptions } from "./progress.ts";
import { recordedTask } from "./recorded_task.ts";
import type { RunResult } from "./run_result.ts";
import { checkServed } from "./unchanged.ts";
import { findSetup } from "./run_setup.ts";
import { sampleRun } from "./sample_run.ts";

/** Settings that may differ from the recorded ones. */
export type RerunSettings = Pick<
  Overrides,
  "modelPath" | "vaePath" | "provider" | "libraryPath" | "outputPath" | "threads"
>;

/** A recorded run and its repetition. */
export interface Repetition {
  /** Folder of the recorded run. */
  path: string;
  /** Its manifest. */
  recorded: Manifest;
  /** The new run. */
  run: RunResult;
  /** Comparison of the files. */
  files: FileComparison;
  /** Differences of the setup that may explain different bytes. */
  differences: readonly Difference[];
  /** Whether every file of the recorded run was reproduced. */
  verified: boolean;
}

/**
 * Repeats a run in a new folder and compares the files.
 *
 * @param path the recorded run's folder
 * @throws {FormatError} when the recorded run is damaged or was never finished
 * @throws {MismatchError} when the servers of a recorded run have another model
 *
 * @example
 * ```ts
 * import { rerunRun, sampleRun } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const outputPath = await Deno.makeTempDir();
 * const settings = { task: "dit", numSamples: 1, numInferenceSteps: 5, outputPath } as const;
 * const { path } = await sampleRun("models/dit-emoji", settings);
 * const again = await rerunRun(path, { outputPath });
 * assert.ok(again.verified);
 * await Deno.remove(outputPath, { recursive: true });
 * ```
 */
export async function rerunRun(
  path: string,
  overrides: RerunSettings = {},
  options: WatchOptions = {},
): Promise<Repetition> {
  const recorded = await readFinishedRun(path);
  const task = recordedTask(path, recorded);
  const before = { ...recorded.arguments, output_path: null };
  const { settings: merged, notes } = mergeRecorded(before, { ...overrides, task });
  for (const line of notes) options.onProgress?.({ event: "note", line });
  if (recorded.served) checkServed({ path, manifest: recorded }, await findSetup(merged));
  const { modelPath = TASKS[task].modelPath, ...settings } = merged;
  const run = await sampleRun(modelPath, settings, options);
  const here = await readFinishedRun(run.path);
  const outputs = { ...here.outputs };
  if (sameResultArguments(task, recorded, here)) {
    outputs["args.txt"] = recorded.outputs["args.txt"];
  }
  const files = compareFiles(recorded.outputs, outputs);
  const differences = explainDifferences(recorded, here);
  return { path, recorded, run, files, differences, verified: files.different.length === 0 };
}

/**
 * Whether the two `args.txt` agree, ignoring flags that do not affect the result (output folder,
 * execution) and flags that did not exist when the run was recorded.
 */
function sameResultArguments(task: Task, recorded: Manifest, here: Manifest): boolean {
  const { flags } = TASKS[task];
  const compared = Object.keys(recorded.arguments).map((name) => {
    const changesResult = (flags[name]?.scope ?? "result") === "result";
    const { arguments: source } = changesResult ? here : recorded;
    return [name, source[name]] as const;
  });
  const { size, sha256 } = digestBytes(argumentsText(Object.fromEntries(compared)));
  const wanted = recorded.outputs["args.txt"];
  return wanted?.size === size && wanted.sha256 === sha256;
}
