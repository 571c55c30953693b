/** A sample of a run compared with sequential sampling. @module */
import type { LatentDifference } from "../runs/latent_difference.ts";
import type { SampleRecord } from "../runs/manifest.ts";

/** Cost of sampling one chain. */
export interface Cost {
  /** Rounds, or steps of sequential sampling. */
  rounds: number;
  /** Guided network calls, one per step. */
  nfe: number;
  /** Wall time. */
  seconds: number;
}

/** One sample, compared with the sequential sample of the same chain. */
export interface VerifiedSample {
  /** From 0. */
  index: number;
  /** Class or prompt. */
  condition: SampleRecord["condition"];
  /** Whether the chain was solved before the run ended. */
  converged: boolean;
  /** Difference of the run's x_0 from the sequential x_0. */
  latent: LatentDifference;
  /** Similarity of the final images; PSNR in dB, `Infinity` for equal images. */
  image: { psnr: number; ssim: number };
  /** Recorded cost of the run. */
  run: Cost;
  /** Cost of the sequential sampling just measured. */
  sequential: Cost;
}
