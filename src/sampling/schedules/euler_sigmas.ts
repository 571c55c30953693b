/**
 * The noise levels and timesteps of Euler's method, equal to those of diffusers'
 * `EulerDiscreteScheduler.set_timesteps`.
 * @module
 */
import { alphasCumprod, checkLevels, type Precision } from "./alphas_cumprod.ts";
import { checkInteger, checkNumber, checkOneOf } from "../arguments.ts";
import { type ScheduleKind, type SchedulerConfig, schedulerConfig } from "./scheduler_config.ts";
import {
  checkDescending,
  evenly,
  SIGMA_SPACINGS,
  type SigmaSpacing,
  spacedSigmas,
} from "./sigma_spacing.ts";
import { customTimesteps, visitedTimesteps } from "./timestep_spacing.ts";

/**
 * Choice of the levels, with diffusers' names. `linspace` spacing may interpolate between training
 * levels.
 */
export interface EulerSigmaOptions extends Partial<Omit<SchedulerConfig, "setAlphaToOne">> {
  /** Model whose training levels and spacing are the defaults. */
  kind: ScheduleKind;
  /** T. */
  numInferenceSteps: number;
  /** Precision of ᾱ, default float64; `float32` reproduces torch's values bit for bit. */
  precision?: Precision;
  /** Spacing of σ between the highest and the lowest level, instead of `timestepSpacing`. */
  sigmaSpacing?: SigmaSpacing;
  /** Lowest level of `sigmaSpacing`; default that of `timestepSpacing`. */
  sigmaMin?: number;
  /** Highest level of `sigmaSpacing`; default that of `timestepSpacing`. */
  sigmaMax?: number;
  /** Custom levels, highest first, without a final 0. */
  sigmas?: ArrayLike<number>;
  /** Custom training levels, highest first, instead of `timestepSpacing`. */
  timesteps?: ArrayLike<number>;
  /** Level at the end of the last step: no noise or that of training level 0. Default `zero`. */
  finalSigma?: "zero" | "sigma_min";
}

/** The levels of a run. */
export interface EulerSigmas {
  /** σ of the steps t = 0 … T−1, ascending. */
  sigma: Float64Array;
  /** Their training levels, which may lie between two. */
  timesteps: Float64Array;
  /** Level at the end of the last step. */
  final: number;
  /** Scale of x_T, a multiple of standard normal noise. */
  initialScale: number;
}

/**
 * ᾱ that replaces 0 at a last training level without signal, so that its σ is finite: float16's
 * smallest number, as in diffusers.
 */
export const MIN_ALPHA = 2 ** -24;

/** Levels, timesteps and scale of a run. @throws {RangeError} if an option is out of its range */
export function eulerSigmas(options: EulerSigmaOptions): EulerSigmas {
  const { kind, numInferenceSteps: count, precision = "float64", finalSigma = "zero" } = options;
  const config = schedulerConfig(kind, options);
  checkOneOf("precision", precision, ["float64", "float32"]);
  checkOneOf("finalSigma", finalSigma, ["zero", "sigma_min"]);
  const trained = trainedSigmas(config, precision);
  const visited = visitedLevels(config, options);
  const sigma = customSigmas(options) ??
    spaced(visited.map((level) => interpolate(trained, level)), options);
  checkDescending(sigma.toReversed(), Number.MAX_VALUE);
  const final = finalSigma === "zero" ? 0 : trained[0];
  if (final > sigma[0]) {
    throw new RangeError(
      `finalSigma is sigma_min, ${final}, wanted at most the lowest level, ${sigma[0]}`,
    );
  }
  const wasSpaced = options.sigmas !== undefined || options.sigmaSpacing !== undefined;
  const highest = sigma[count - 1];
  return {
    sigma,
    timesteps: wasSpaced ? sigma.map((s) => levelOf(trained, s)) : visited,
    final,
    initialScale: config.timestepSpacing === "leading" ? Math.sqrt(highest ** 2 + 1) : highest,
  };
}

/** σ = √((1−ᾱ)/ᾱ) of the training levels. */
function trainedSigmas(config: SchedulerConfig, precision: Precision): Float64Array {
  const alphas = alphasCumprod(config, precision);
  checkLevels(alphas, config);
  return alphas.map((a) => Math.sqrt((1 - (a || MIN_ALPHA)) / (a || MIN_ALPHA)));
}

function visitedLevels(
  config: SchedulerConfig,
  { numInferenceSteps: count, timesteps }: EulerSigmaOptions,
): Float64Array {
  const { numTrainTimesteps: levels, timestepSpacing } = config;
  if (timesteps) return Float64Array.from(customTimesteps(timesteps, { levels, count }));
  if (timestepSpacing !== "linspace") return Float64Array.from(visitedTimesteps(config, count));
  checkInteger("numInferenceSteps", count, 1, levels);
  return count === 1 ? Float64Array.of(0) : evenly(0, levels - 1, count);
}

function customSigmas(options: EulerSigmaOptions): Float64Array | undefined {
  const { sigmas, sigmaSpacing, timesteps, numInferenceSteps: count } = options;
  if (timesteps && (sigmas || sigmaSpacing !== undefined)) {
    const other = sigmas ? "sigmas" : `sigmaSpacing ${sigmaSpacing}`;
    throw new RangeError(`timesteps are given with ${other}, wanted one of them`);
  }
  if (!sigmas) return undefined;
  checkDescending(sigmas, Number.MAX_VALUE);
  if (sigmaSpacing !== undefined) {
    throw new RangeError(`sigmas are given with sigmaSpacing ${sigmaSpacing}, wanted one of them`);
  }
  if (sigmas.length === count) return Float64Array.from(sigmas).toReversed();
  throw new RangeError(`sigmas has ${sigmas.length} entries, wanted ${count}, one per step`);
}

function spaced(sigmas: Float64Array, options: EulerSigmaOptions): Float64Array {
  const count = sigmas.length, { sigmaSpacing } = options;
  if (sigmaSpacing === undefined) {
    const limit = (["sigmaMin", "sigmaMax"] as const).find((name) => options[name] !== undefined);
    if (limit === undefined) return sigmas;
    throw new RangeError(`${limit} is ${options[limit]} without sigmaSpacing, wanted both`);
  }
  checkOneOf("sigmaSpacing", sigmaSpacing, SIGMA_SPACINGS);
  const { sigmaMin: lowest = sigmas[0], sigmaMax: highest = sigmas[count - 1] } = options;
  checkNumber("sigmaMin", lowest, Number.MIN_VALUE, highest);
  return spacedSigmas(sigmaSpacing, { count, lowest, highest });
}

/** Entry at a fractional index, by linear interpolation. */
function interpolate(values: Float64Array, index: number): number {
  const below = Math.min(Math.floor(index), values.length - 1);
  const share = index - below;
  return share === 0 ? values[below] : values[below] + share * (values[below + 1] - values[below]);
}

/** Training level of σ, interpolated in log σ and clamped to the first and last level. */
function levelOf(trained: Float64Array, sigma: number): number {
  const above = trained.findIndex((s) => s > sigma);
  if (above === 0) return 0;
  if (above < 0) return trained.length - 1;
  const low = Math.log(trained[above - 1]), high = Math.log(trained[above]);
  return above - 1 + (Math.log(sigma) - low) / (high - low);
}
