/**
 * The noise levels of a flow model's schedule, equal to those of diffusers'
 * `FlowMatchEulerDiscreteScheduler.set_timesteps`.
 * @module
 */
import { checkInteger, checkNumber, checkOneOf } from "../arguments.ts";
import {
  checkDescending,
  evenly,
  SIGMA_SPACINGS,
  type SigmaSpacing,
  spacedSigmas,
} from "./sigma_spacing.ts";

/** Choice of the levels, with diffusers' names. */
export interface FlowSigmaOptions {
  /** T; default the number of `sigmas`. */
  numInferenceSteps?: number;
  /** Number of training levels; default 1000. */
  numTrainTimesteps?: number;
  /**
   * Range of the evenly spaced levels before they are shifted. `scheduler`: from 1 to the lowest
   * training level, already shifted by `shift` (so it is shifted twice), as in Stable Diffusion 3.
   * `pipeline`: from 1 to 1/T, as in the pipelines of FLUX and Qwen-Image. Default `scheduler`.
   */
  spacing?: "scheduler" | "pipeline";
  /** Custom levels, highest first, at most 1, which are shifted too; by default evenly spaced. */
  sigmas?: ArrayLike<number>;
  /** σ ← shift σ / (1 + (shift − 1) σ); default 1. */
  shift?: number;
  /**
   * Dynamic shifting instead of `shift`: by e^mu, or by mu if `timeShiftType` is `linear`. See
   * {@link flowShift}.
   */
  mu?: number;
  /** Meaning of `mu`; default `exponential`. */
  timeShiftType?: "exponential" | "linear";
  /** Stretches the levels so that the last step starts at this level; needs at least two steps. */
  shiftTerminal?: number;
  /** Spacing of the levels between the highest and the lowest one, instead of even spacing. */
  sigmaSpacing?: SigmaSpacing;
}

/**
 * Levels of the steps t = 0 … T−1, ascending.
 *
 * @throws {RangeError} if an option is out of its range
 */
export function flowSigmas(options: FlowSigmaOptions): Float64Array {
  const shift = readShift(options);
  const shifted = (sigma: number) => shift * sigma / (1 + (shift - 1) * sigma);
  const sigmas = unshifted(options).map(shifted);
  const levels = respaced(stretched(sigmas, options.shiftTerminal), options.sigmaSpacing);
  checkDescending(levels.toReversed(), 1);
  return levels;
}

/** Options of {@link flowShift}, with diffusers' names; the defaults are FLUX's. */
export interface FlowShiftOptions {
  /** Number of tokens at which μ is `baseShift`; default 256. */
  baseImageSeqLen?: number;
  /** Number of tokens at which μ is `maxShift`; default 4096. */
  maxImageSeqLen?: number;
  /** Default 0.5. */
  baseShift?: number;
  /** Default 1.15. */
  maxShift?: number;
}

/**
 * μ of the dynamic shift for an image of `imageSeqLen` tokens, a linear function through two sizes.
 *
 * @example
 * ```ts
 * import { createFlowSchedule, flowShift } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const mu = flowShift(64 * 64); // 1024 × 1024 pixels of FLUX
 * assert.equal(mu, 1.15);
 * const schedule = createFlowSchedule({ numInferenceSteps: 28, spacing: "pipeline", mu });
 * assert.equal(schedule.numSteps, 28);
 * ```
 */
export function flowShift(imageSeqLen: number, options: FlowShiftOptions = {}): number {
  const { baseImageSeqLen = 256, maxImageSeqLen = 4096 } = options;
  const { baseShift = 0.5, maxShift = 1.15 } = options;
  checkInteger("imageSeqLen", imageSeqLen, 1, Number.MAX_SAFE_INTEGER);
  checkInteger("maxImageSeqLen", maxImageSeqLen, baseImageSeqLen + 1, Number.MAX_SAFE_INTEGER);
  const slope = (maxShift - baseShift) / (maxImageSeqLen - baseImageSeqLen);
  return imageSeqLen * slope + (baseShift - slope * baseImageSeqLen);
}

function readShift({ shift = 1, mu, timeShiftType = "exponential" }: FlowSigmaOptions): number {
  checkNumber("shift", shift, Number.MIN_VALUE, Number.MAX_VALUE);
  checkOneOf("timeShiftType", timeShiftType, ["exponential", "linear"]);
  if (mu === undefined) return shift;
  const linear = timeShiftType === "linear";
  checkNumber("mu", mu, linear ? Number.MIN_VALUE : -700, linear ? Number.MAX_VALUE : 700);
  return linear ? mu : Math.exp(mu);
}

function unshifted(options: FlowSigmaOptions): Float64Array {
  const { numTrainTimesteps = 1000, spacing = "scheduler", sigmas, shift = 1, mu } = options;
  checkInteger("numTrainTimesteps", numTrainTimesteps, 1, 1_000_000);
  checkOneOf("spacing", spacing, ["scheduler", "pipeline"]);
  const { numInferenceSteps: count = sigmas?.length ?? 0 } = options;
  checkInteger("numInferenceSteps", count, 1, numTrainTimesteps);
  if (sigmas) {
    checkDescending(sigmas, 1);
    if (sigmas.length === count) return Float64Array.from(sigmas).toReversed();
    throw new RangeError(`sigmas has ${sigmas.length} entries, wanted ${count}, one per step`);
  }
  const trained = 1 / numTrainTimesteps;
  const lowest = mu === undefined ? shift * trained / (1 + (shift - 1) * trained) : trained;
  return evenly(spacing === "pipeline" ? 1 / count : lowest, 1, count);
}

/** Scales 1 − σ so that the lowest level becomes `lowest`. */
function stretched(sigmas: Float64Array, lowest: number | undefined): Float64Array {
  if (lowest === undefined) return sigmas;
  checkNumber("shiftTerminal", lowest, Number.MIN_VALUE, 1 - Number.EPSILON);
  if (sigmas[0] === 1) {
    throw new RangeError(`shiftTerminal is ${lowest} with 1 step, which starts at 1, wanted 2`);
  }
  const scale = (1 - sigmas[0]) / (1 - lowest);
  return sigmas.map((sigma) => 1 - (1 - sigma) / scale);
}

function respaced(sigmas: Float64Array, spacing: SigmaSpacing | undefined): Float64Array {
  if (spacing === undefined) return sigmas;
  checkOneOf("sigmaSpacing", spacing, SIGMA_SPACINGS);
  const count = sigmas.length;
  return spacedSigmas(spacing, { count, lowest: sigmas[0], highest: sigmas[count - 1] });
}
