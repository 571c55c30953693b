/** One sample to make, and what came of it. @module */
import type { GuidedDenoiser } from "../../models/guided_denoiser.ts";
import type { Image } from "../../images/image.ts";
import type { SampleRecord } from "../../runs/manifest.ts";
import type { SampleResult } from "../../sampling/results.ts";

/** One sample to make. */
export interface Job {
  index: number;
  /** What it shows, for people: `3 (cat face)`, the prompt. */
  label: string;
  /** What the image is led away from, for its metadata. */
  negativePrompt?: string;
  /** What it shows, for the manifest and the trajectory file. */
  condition: Record<string, string | number>;
  denoiser: GuidedDenoiser;
  /** `[T+1, channels, height, width]`. */
  noise: Float64Array;
  seed?: number;
  /** Warm start. */
  start?: WarmStart;
}

/** A trajectory to start from; its last `variationSteps` steps are solved anew. */
export interface WarmStart {
  /** `[T+1, channels, height, width]`. */
  trajectory: Float64Array;
  variationSteps: number;
}

/** What came of a job; `record` goes into the manifest and may still be added to. */
export interface Outcome {
  result: SampleResult;
  record: SampleRecord;
  /** The final image. */
  image: Image;
}

/** The samples of a run in order; each one's outcome is handed in before the next is asked for. */
export type Jobs = AsyncGenerator<Job, void, Outcome>;
