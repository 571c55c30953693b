/** What `verify` prints, and when it is content. @module */
import { VerificationError } from "../errors.ts";
import { conditionName, type Manifest } from "../runs/manifest.ts";
import { LEAN_RTOL_RATIO, TQN_TOLERANCE } from "../sampling/presets.ts";
import type { Cost, VerifiedSample } from "../jobs/verify_run.ts";

/** Differences of single steps add up along the chain: 5 times the tolerance was met on models/dit-emoji, 14 on other models. */
const PER_TOLERANCE = 20;
/** Another processor, or another batch on a GPU, rounds otherwise, and the chain carries it on. */
const LEAST_TOLERANCE = 1e-4;
/** `tol1` and `tol2` of the solvers but tqn where a run was given none. */
const OTHER_TOLERANCE = 1e-3;

/** The whole run beside sequential sampling: worst differences, mean costs. */
export interface Overall extends Pick<VerifiedSample, "latent" | "image" | "run" | "sequential"> {
  samples: number;
  tolerance: number;
  verified: boolean;
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

/** Line of a sample. */
export function sampleLine(sample: VerifiedSample): string {
  const { index, run, sequential } = sample;
  return `sample ${index} ${conditionName(sample)}: ${differences(sample)}; ${
    costs(run, sequential)
  }`;
}

/** Lines of the whole run; the figures of a single sample are those of its own line. */
export function overallLines(total: Overall): string[] {
  const { samples, run, sequential, tolerance, verified } = total;
  const figures = samples === 1 ? [] : [
    `${samples} samples, worst: ${differences(total)}`,
    `${samples} samples, mean: ${costs(run, sequential)} (run as recorded, sequential just now)`,
  ];
  return [
    ...figures,
    `${verified ? "verified" : "NOT verified"}: relative latent difference ${
      short(total.latent.relative)
    }, tolerance ${short(tolerance)}`,
  ];
}

/**
 * Does nothing where every sample is within the tolerance.
 *
 * @param batchWide operators of the network that mix the rows of a call
 * @throws {VerificationError} naming the worst sample when any is beyond the tolerance
 */
export function requireVerified(
  samples: readonly VerifiedSample[],
  tolerance: number,
  batchWide: readonly string[] = [],
): void {
  const beyond = samples.filter((s) => !(s.latent.relative <= tolerance));
  if (beyond.length === 0) return;
  const worst = beyond.reduce((a, b) => b.latent.relative > a.latent.relative ? b : a);
  const stopped = worst.converged ? "" : ", stopped before it was solved";
  throw new VerificationError(
    `${beyond.length} of ${samples.length} samples differ from sequential sampling, most sample ${worst.index}${stopped}: ` +
      `${short(worst.latent.relative)} of the latent's RMS, wanted at most ${short(tolerance)}`,
    {
      hint: batchWide.length > 0
        ? `${
          batchWide.join(", ")
        } quantises all rows of a call by one scale: a run made before rows ` +
          "were evaluated alone has other values, make it again"
        : "sample with a smaller --tol1 and --tol2, or verify with a larger --tolerance",
    },
  );
}

function differences({ latent, image }: Pick<Overall, "latent" | "image">): string {
  const { psnr, ssim } = image;
  return `latent max ${short(latent.max)}, RMS ${short(latent.rms)} (relative ${
    short(latent.relative)
  }); image PSNR ${Number.isFinite(psnr) ? `${psnr.toFixed(1)} dB` : "infinite"}, SSIM ${
    ssim.toFixed(4)
  }`;
}

function costs(run: Cost, sequential: Cost): string {
  const speedup = sequential.seconds / run.seconds;
  const count = (x: number) => Number(x.toFixed(1));
  return `${count(run.rounds)} rounds (sequential ${count(sequential.rounds)}), ${
    count(run.nfe)
  } evaluations (${count(sequential.nfe)}), ${run.seconds.toFixed(2)} s (${
    sequential.seconds.toFixed(2)
  } s), speed-up ${speedup.toFixed(2)}x`;
}

function short(x: number): string {
  return x === 0 ? "0" : x.toExponential(1);
}
