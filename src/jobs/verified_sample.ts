/** A sample of a run beside the same chain sampled sequentially. @module */
import type { LatentDifference } from "../runs/latent_difference.ts";
import type { SampleRecord } from "../runs/manifest.ts";

/** What one way of sampling took. */
export interface Cost {
  /** Rounds, or steps of sequential sampling. */
  rounds: number;
  /** Guided network calls, one per step. */
  nfe: number;
  /** Wall time. */
  seconds: number;
}

/** One sample of the run beside the sequential one. */
export interface VerifiedSample {
  /** From 0. */
  index: number;
  /** Class or prompt. */
  condition: SampleRecord["condition"];
  /** Whether the chain was solved before the run ended. */
  converged: boolean;
  /** x_0 of the run against the sequential x_0. */
  latent: LatentDifference;
  /** Final images; PSNR in dB, `Infinity` for equal images. */
  image: { psnr: number; ssim: number };
  /** As the run recorded it. */
  run: Cost;
  /** As it was just now. */
  sequential: Cost;
}
