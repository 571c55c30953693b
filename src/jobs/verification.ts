/** Compares the samples of a run with sequential sampling: differences and tolerance. @module */
import type { Manifest } from "../runs/manifest.ts";
import { FAST_RTOL_RATIO, presetTolerance } from "../sampling/presets.ts";
import type { Cost, VerifiedSample } from "./verified_sample.ts";

/**
 * Errors of single steps add up along the chain: 5 times the tolerance was measured on
 * models/dit-emoji, 14 times on other models.
 */
const PER_TOLERANCE = 20;
/** Rounding depends on the processor and on the batch size of a GPU, and the chain amplifies it. */
const MIN_TOLERANCE = 1e-4;

/** A run compared with sequential sampling: largest differences, mean costs. */
export interface VerificationSummary
  extends Pick<VerifiedSample, "latent" | "image" | "run" | "sequential"> {
  /** Number of samples. */
  samples: number;
  /** Largest accepted relative latent difference. */
  tolerance: number;
  /** Whether every sample is within the tolerance. */
  verified: boolean;
  /** Sequential seconds divided by the seconds of the run. */
  speedup: number;
}

/**
 * Expected difference from the run's own tolerance: 20 times tol1 or tol2, for tqn 20 times a tenth
 * of tol2, and at least 1e-4.
 */
export function defaultTolerance({ arguments: args }: Manifest): number {
  if (args.method === "sequential") return MIN_TOLERANCE;
  const number = (value: unknown, other: number) => typeof value === "number" ? value : other;
  const usual = presetTolerance(args.preset, args.method);
  const tol1 = number(args.tol1, usual);
  const tol2 = args.method === "tqn"
    ? number(args.tol2, FAST_RTOL_RATIO * tol1) / FAST_RTOL_RATIO
    : number(args.tol2, usual);
  return Math.max(PER_TOLERANCE * Math.max(tol1, tol2), MIN_TOLERANCE);
}

/** Summarizes the samples. */
export function summarize(
  samples: readonly VerifiedSample[],
  tolerance: number,
): VerificationSummary {
  const worst = (value: (s: VerifiedSample) => number) =>
    samples.reduce((most, s) => Math.max(most, value(s)), 0);
  const least = (value: (s: VerifiedSample) => number) =>
    samples.reduce((low, s) => Math.min(low, value(s)), Infinity);
  const mean = (value: (s: VerifiedSample) => number) =>
    samples.reduce((sum, s) => sum + value(s), 0) / samples.length;
  const cost = (of: (s: VerifiedSample) => Cost): Cost => ({
    rounds: mean((s) => of(s).rounds),
    nfe: mean((s) => of(s).nfe),
    seconds: mean((s) => of(s).seconds),
  });
  const latent = {
    max: worst((s) => s.latent.max),
    rms: worst((s) => s.latent.rms),
    relative: worst((s) => s.latent.relative),
  };
  const run = cost((s) => s.run), sequential = cost((s) => s.sequential);
  return {
    samples: samples.length,
    tolerance,
    verified: samples.every((s) => s.latent.relative <= tolerance),
    latent,
    image: { psnr: least((s) => s.image.psnr), ssim: least((s) => s.image.ssim) },
    ...{ run, sequential, speedup: sequential.seconds / run.seconds },
  };
}
