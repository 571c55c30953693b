/** A sample to solve, and its outcome. @module */
import type { GuidedDenoiser } from "../../models/guided_denoiser.ts";
import type { Image } from "../../images/image.ts";
import type { SampleRecord } from "../../runs/manifest.ts";
import type { SampleResult } from "../../sampling/results.ts";

/** A sample to solve. */
export interface Job {
  index: number;
  /** Label for the user: `3 (cat face)`, or the prompt. */
  label: string;
  /** Negative prompt, for the image metadata. */
  negativePrompt?: string;
  /** Class or prompt, for the manifest and the trajectory file. */
  condition: Record<string, string | number>;
  denoiser: GuidedDenoiser;
  /** `[T+1, channels, height, width]`. */
  noise: Float64Array;
  seed?: number;
  /** Trajectory of a warm start. */
  start?: WarmStart;
}

/** A trajectory to start from; its last `variationSteps` steps are solved again. */
export interface WarmStart {
  /** `[T+1, channels, height, width]`. */
  trajectory: Float64Array;
  variationSteps: number;
}

/** Outcome of a job; `record` is added to the manifest later and may still be extended. */
export interface Outcome {
  result: SampleResult;
  record: SampleRecord;
  /** The final image. */
  image: Image;
}

/** Samples of a run in order; receives the outcome of each before it yields the next. */
export type Jobs = AsyncGenerator<Job, void, Outcome>;
