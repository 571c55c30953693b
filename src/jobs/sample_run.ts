/** Samples a run by a function call. @module */
import { requireAccess } from "../arguments/require_access.ts";
import {
  type GivenSettings,
  resolveSettings,
  type ValidatedSettings,
} from "../arguments/resolve_settings.ts";
import type { RunSettings } from "../arguments/settings.ts";
import { UsageError } from "../errors.ts";
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import { borrowModel, openModel } from "./execution/open_model.ts";
import { Watch, type WatchOptions } from "./progress.ts";
import type { RunResult } from "./run_result.ts";
import { importSolver } from "./samples/own_solver.ts";
import { sampleOn } from "./sampling.ts";

/**
 * Samples a run and writes its folder: images of every round, trajectories, the manifest.
 *
 * @param model model folder, or an open pipeline, which the caller closes
 * @param settings task and options; the defaults are those of the command line
 * @returns the run; its images and trajectories are read on demand
 * @throws {UsageError} naming the invalid setting; settings are validated before a model is opened
 * @throws {ModelError} when the model lacks an input, output or file that sampling needs
 * @throws {NumericalError} when the network returns NaN or infinity
 * @throws {StorageError} when the file system refuses
 *
 * @example Two images of a class, ten steps solved at once
 * ```ts
 * import { sampleRun } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const outputPath = await Deno.makeTempDir();
 * const settings = { task: "dit", classLabels: ["heart"], numInferenceSteps: 10 } as const;
 * const run = await sampleRun("models/dit-emoji", { ...settings, numSamples: 2, outputPath });
 * assert.equal(run.samples.length, 2);
 * const { width, height } = await run.samples[0].image();
 * assert.deepEqual([width, height], [64, 64]);
 * assert.ok(run.figures.rounds < 10); // sequential sampling takes 10
 * await Deno.remove(outputPath, { recursive: true });
 * ```
 */
export async function sampleRun(
  model: string | LatentPipeline,
  settings: RunSettings,
  options: WatchOptions = {},
): Promise<RunResult> {
  const watch = new Watch(options);
  if (typeof model !== "string") {
    const resolved = await checkSettings(withPipeline(model, settings));
    await using borrowed = borrowModel(model);
    return await sampleOn(borrowed, resolved, { watch });
  }
  const resolved = await checkSettings({ ...settings, modelPath: model });
  await using opened = await openModel(resolved.settings, watch.note);
  return await sampleOn(opened, resolved, { watch });
}

/**
 * Validates settings, as `sampleRun` does before it opens a model.
 *
 * @throws {UsageError} naming the setting
 * @throws {PermissionError} when a named file may not be read
 */
export async function checkSettings(settings: GivenSettings): Promise<ValidatedSettings> {
  const resolved = resolveSettings(settings);
  await requireAccess(resolved);
  const { solver } = resolved.settings;
  if (solver !== undefined) await importSolver(solver);
  return resolved;
}

/** Settings that are fixed by an open pipeline. */
const FIXED_BY_PIPELINE = [
  ...["vaePath", "fp16", "provider", "threads", "libraryPath", "height", "width", "devices"],
  ...["deviceCa", "deviceHeaders", "buckets", "deadline", "fallback", "cudaLibraryPath"],
  ...["gpuMemLimit", "cudaOptions", "arenaExtendStrategy", "cudnnConvAlgoSearch"],
  ...["providerOptions", "providerLibrary", "scheduler"],
];

function withPipeline({ folder, origin }: LatentPipeline, settings: RunSettings): GivenSettings {
  const wrong = FIXED_BY_PIPELINE.find((name) => name in settings);
  if (wrong !== undefined) {
    throw new UsageError((name) => `${name(wrong)} is not used with an open pipeline`, {
      hint: "give it to the pipeline, or name the model's folder",
    });
  }
  const { vaePath, fp16, scheduler, session, height, width } = origin.options;
  return {
    ...settings,
    ...(settings.task === "dit" ? {} : { height, width }),
    ...{ modelPath: folder.path, vaePath, fp16, scheduler },
    provider: session?.provider ?? "cpu",
    threads: session?.intraOpNumThreads || undefined,
  };
}
