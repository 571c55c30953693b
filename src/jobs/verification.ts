/** How far the samples of a run are from sequential sampling, and how far they may be. @module */
import type { Manifest } from "../runs/manifest.ts";
import { LEAN_RTOL_RATIO, TQN_TOLERANCE } from "../sampling/presets.ts";
import type { Cost, VerifiedSample } from "./verified_sample.ts";

/** Differences of single steps add up along the chain: 5 times the tolerance was met on models/dit-emoji, 14 on other models. */
const PER_TOLERANCE = 20;
/** Another processor, or another batch on a GPU, rounds otherwise, and the chain carries it on. */
const LEAST_TOLERANCE = 1e-4;
/** `tol1` and `tol2` of the solvers but tqn where a run was given none. */
const OTHER_TOLERANCE = 1e-3;

/** The whole run beside sequential sampling: worst differences, mean costs. */
export interface Overall extends Pick<VerifiedSample, "latent" | "image" | "run" | "sequential"> {
  /** Number of samples. */
  samples: number;
  /** Largest relative latent difference that is still well. */
  tolerance: number;
  /** Whether every sample is within the tolerance. */
  verified: boolean;
  /** Sequential seconds over those of the run. */
  speedup: number;
}

/** What a run's own tolerance leads to expect: twenty times tol1 or tol2, for tqn a tenth of tol2, and at least 1e-4. */
export function defaultTolerance({ arguments: args }: Manifest): number {
  if (args.method === "sequential") return LEAST_TOLERANCE;
  const number = (value: unknown, other: number) => typeof value === "number" ? value : other;
  const tqn = args.method === "tqn",
    tol1 = number(args.tol1, tqn ? TQN_TOLERANCE : OTHER_TOLERANCE);
  const tol2 = tqn
    ? number(args.tol2, LEAN_RTOL_RATIO * tol1) / LEAN_RTOL_RATIO
    : number(args.tol2, OTHER_TOLERANCE);
  return Math.max(PER_TOLERANCE * Math.max(tol1, tol2), LEAST_TOLERANCE);
}

/** Sums the samples up. */
export function overall(samples: readonly VerifiedSample[], tolerance: number): Overall {
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
