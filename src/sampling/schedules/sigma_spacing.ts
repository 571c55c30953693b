/**
 * Spacings of noise levels, equal to those of diffusers' schedulers.
 *
 * `karras` is equation 5 of Karras et al., "Elucidating the design space of diffusion-based
 * generative models", 2022; `beta` is Lee et al., "Beta sampling is all you need", 2024.
 * @module
 */
import { betaQuantile } from "./beta_quantile.ts";

/** Spacing of the levels between the highest and the lowest one. */
export type SigmaSpacing = "karras" | "exponential" | "beta";

/** Every {@link SigmaSpacing}. */
export const SIGMA_SPACINGS: readonly SigmaSpacing[] = ["karras", "exponential", "beta"];

/** ρ of Karras et al. */
const RHO = 7;
/** Both shapes of the beta distribution. */
const SHAPE = 0.6;

/** Level at a share of the range, from the lowest (0) to the highest (1). */
type Between = (share: number, lowest: number, highest: number) => number;

const BETWEEN: Record<SigmaSpacing, Between> = {
  karras: (share, lowest, highest) => {
    const low = lowest ** (1 / RHO), high = highest ** (1 / RHO);
    return (high + (1 - share) * (low - high)) ** RHO;
  },
  exponential: (share, lowest, highest) =>
    Math.exp(Math.log(highest) + (1 - share) * (Math.log(lowest) - Math.log(highest))),
  beta: (share, lowest, highest) => lowest + betaQuantile(share, SHAPE) * (highest - lowest),
};

/** `count` levels, ascending; only the highest if `count` is 1. */
export function spacedSigmas(
  spacing: SigmaSpacing,
  { count, lowest, highest }: Record<"count" | "lowest" | "highest", number>,
): Float64Array {
  return evenly(0, 1, count).map((share) => {
    if (share === 1) return highest; // both ends exactly
    return share === 0 ? lowest : BETWEEN[spacing](share, lowest, highest);
  });
}

/** `count` evenly spaced numbers from `low` to `high`; only `high` if `count` is 1. */
export function evenly(low: number, high: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    return i === count - 1 ? high : low + i * ((high - low) / (count - 1));
  });
}

/**
 * Throws unless `sigmas` (of the steps T−1 … 0) are strictly descending, at most `highest` and
 * above 0.
 *
 * @throws {RangeError}
 */
export function checkDescending(sigmas: ArrayLike<number>, highest: number): void {
  if (sigmas.length === 0) throw new RangeError("sigmas has no entries, wanted one per step");
  let above = highest;
  for (let i = 0; i < sigmas.length; i++) {
    const sigma = sigmas[i], first = i === 0;
    const inside = Number.isFinite(sigma) && sigma > 0 && (first ? sigma <= above : sigma < above);
    if (!inside) {
      const wanted = first ? `at most ${above}` : `below sigmas[${i - 1}], ${above}`;
      throw new RangeError(`sigmas[${i}] is ${sigma}, wanted a number above 0 and ${wanted}`);
    }
    above = sigma;
  }
}
