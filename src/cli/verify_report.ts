/** Output of `verify`, and its success criterion. @module */
import { VerificationError } from "../errors.ts";
import { conditionName } from "../runs/manifest.ts";
import type { VerificationSummary } from "../jobs/verification.ts";
import type { Cost, VerifiedSample } from "../jobs/verified_sample.ts";

/** Line of one sample. */
export function sampleLine(sample: VerifiedSample): string {
  const { index, run, sequential } = sample;
  return `sample ${index} ${conditionName(sample)}: ${differences(sample)}; ${
    costs(run, sequential)
  }`;
}

/** Lines of the whole run. For a single sample only the figures not on the sample's own line. */
export function summaryLines(total: VerificationSummary): string[] {
  const { samples, run, sequential, tolerance, verified } = total;
  const figures = samples === 1 ? [] : [
    `${samples} samples, worst: ${differences(total)}`,
    `${samples} samples, mean: ${
      costs(run, sequential)
    } (run as recorded, sequential as measured now)`,
  ];
  return [
    ...figures,
    `${verified ? "verified" : "NOT verified"}: relative latent difference ${
      short(total.latent.relative)
    }, tolerance ${short(tolerance)}`,
  ];
}

/**
 * Checks that every sample is within the tolerance.
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
    `${beyond.length} of ${samples.length} samples differ from sequential sampling, ` +
      `the worst is sample ${worst.index}${stopped}: ` +
      `${short(worst.latent.relative)} of the latent's RMS, wanted at most ${short(tolerance)}`,
    {
      hint: batchWide.length > 0
        ? `${
          batchWide.join(", ")
        } quantises all rows of a call with one scale: a run made before rows ` +
          "were evaluated one at a time have other values, sample again"
        : "sample with a smaller --tol1 and --tol2, or verify with a larger --tolerance",
    },
  );
}

function differences({ latent, image }: Pick<VerificationSummary, "latent" | "image">): string {
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
