/** State that all samples of a run share. @module */
import type { RecordedArguments } from "../../arguments/record.ts";
import type { DitSettings, ResolvedShared } from "../../arguments/settings.ts";
import type { LatentPipeline } from "../../pipelines/latent_pipeline.ts";
import { imageText } from "../../runs/image_text.ts";
import type { Manifest, SampleRecord } from "../../runs/manifest.ts";
import type { RunDirectory } from "../../runs/run_directory.ts";
import type { ImageText } from "../../runs/sample_files.ts";
import type { ModelSchedule } from "../../models/schedulers/model_schedule.ts";
import type { Watch } from "../progress.ts";
import type { Job } from "./job.ts";
import type { SolverSettings } from "./solve.ts";
import type { TrajectoryIdentity } from "./trajectory_identity.ts";

/** Settings of the solver, the previews and the files of a sample. */
export type SampleSettings =
  & SolverSettings
  & Pick<ResolvedShared, "guidanceScale" | "noiseStream" | "previewEvery" | "noCheckpoint">
  & Pick<ResolvedShared, "disableImageMetadata">
  & Pick<DitSettings, "concurrentSamples">;

/** State that all samples of a run share. */
export interface SampleContext {
  run: RunDirectory;
  pipeline: LatentPipeline;
  schedule: ModelSchedule;
  /** Samples of the whole run. */
  count: number;
  manifest: Manifest;
  identity: TrajectoryIdentity;
  /** Arguments that affect the result. */
  resultArguments: RecordedArguments;
  settings: SampleSettings;
  watch: Watch;
  signal: AbortSignal;
  /** Samples finished before this start, by index. */
  finished: ReadonlyMap<number, SampleRecord>;
}

/** Folder of a sample inside the run. */
export function folderOf({ index }: Pick<Job, "index">): string {
  return `sample_${index}`;
}

/** Position of a sample in the run. */
export function placeOf(
  job: Job,
  { schedule, count }: SampleContext,
): { sample: number; samples: number; timesteps: number } {
  const timesteps = job.start?.variationSteps ?? schedule.numSteps;
  return { sample: job.index, samples: count, timesteps };
}

/** Folder of a sample and the metadata of its images. */
export function destination(
  job: Job,
  { manifest, settings, resultArguments, identity }: SampleContext,
): { folder: string; imageText: ImageText | undefined } {
  const text: ImageText = (step, { width, height }) =>
    imageText({
      script: manifest.script,
      prompt: job.label,
      negativePrompt: job.negativePrompt,
      arguments: resultArguments,
      model: manifest.model.name,
      modelSha256: identity.model_sha256,
      seed: job.seed,
      size: { width, height },
      sample: job.index,
      step,
    });
  return {
    folder: folderOf(job),
    imageText: settings.disableImageMetadata ? undefined : text,
  };
}

/** Returns a function that returns the seconds since this call. */
export function stopwatch(): () => number {
  const started = performance.now();
  return () => (performance.now() - started) / 1000;
}
