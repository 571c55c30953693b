/**
 * The training levels of a network, with the names of diffusers' `scheduler_config.json`.
 * @module
 */
import { checkInteger, checkNumber, checkOneOf } from "../arguments.ts";
import { TIMESTEP_SPACINGS, type TimestepSpacing } from "./timestep_spacing.ts";

/** A model whose scheduler settings are known by name. */
export type ScheduleKind = "dit" | "stable-diffusion";

/** Shape of β over the training levels. */
export type BetaSchedule = "linear" | "scaled_linear" | "squaredcos_cap_v2" | "sigmoid";

/** Every {@link BetaSchedule}. */
export const BETA_SCHEDULES: readonly BetaSchedule[] = [
  "linear",
  "scaled_linear",
  "squaredcos_cap_v2",
  "sigmoid",
];

/** The training levels, and the choice of those that sampling visits. */
export interface SchedulerConfig {
  /** Number of training levels. */
  numTrainTimesteps: number;
  /** β of the first training level. */
  betaStart: number;
  /** β of the last one. */
  betaEnd: number;
  /**
   * `linear` spaces β evenly, `scaled_linear` its square root; `sigmoid` is a sigmoid.
   * `squaredcos_cap_v2` makes ᾱ a squared cosine and ignores `betaStart` and `betaEnd`.
   */
  betaSchedule: BetaSchedule;
  /** β of every training level, instead of `betaStart`, `betaEnd` and `betaSchedule`. */
  trainedBetas?: readonly number[];
  /**
   * Shifts and scales √ᾱ so that the last training level has no signal; the network must predict
   * the velocity or the sample. Default `false`.
   */
  rescaleBetasZeroSnr?: boolean;
  /**
   * Choice of T of the N levels. `leading`: every ⌊N/T⌋-th from `stepsOffset` up. `trailing`: every
   * N/T-th from N−1 down. `linspace`: from 0 to N−1. These three equal diffusers' `DDIMScheduler`.
   * `respaced`: from 0 to N−1 with the stride accumulated and rounded half to even, as in DiT.
   */
  timestepSpacing: TimestepSpacing;
  /** Level of the last step under `leading` spacing. */
  stepsOffset: number;
  /** ᾱ at the end of the last step: 1 (`true`) or that of training level 0. */
  setAlphaToOne: boolean;
}

/**
 * The published settings of each kind: DiT-XL/2 (Peebles & Xie 2023) and Stable Diffusion v1 (its
 * `scheduler_config.json`).
 */
export const SCHEDULER_PRESETS: Readonly<Record<ScheduleKind, Readonly<SchedulerConfig>>> = {
  "dit": {
    numTrainTimesteps: 1000,
    betaStart: 1e-4,
    betaEnd: 2e-2,
    betaSchedule: "linear",
    timestepSpacing: "respaced",
    stepsOffset: 0,
    setAlphaToOne: true,
  },
  "stable-diffusion": {
    numTrainTimesteps: 1000,
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: "scaled_linear",
    timestepSpacing: "leading",
    stepsOffset: 1,
    setAlphaToOne: false,
  },
};

/**
 * The preset of `kind` with the caller's changes, validated.
 *
 * @throws {RangeError} if a value is out of its range
 */
export function schedulerConfig(
  kind: ScheduleKind,
  changes: Partial<SchedulerConfig>,
): SchedulerConfig {
  checkOneOf("kind", kind, ["dit", "stable-diffusion"]);
  const preset = SCHEDULER_PRESETS[kind];
  const config: SchedulerConfig = {
    numTrainTimesteps: changes.numTrainTimesteps ?? preset.numTrainTimesteps,
    betaStart: changes.betaStart ?? preset.betaStart,
    betaEnd: changes.betaEnd ?? preset.betaEnd,
    betaSchedule: changes.betaSchedule ?? preset.betaSchedule,
    timestepSpacing: changes.timestepSpacing ?? preset.timestepSpacing,
    stepsOffset: changes.stepsOffset ?? preset.stepsOffset,
    setAlphaToOne: changes.setAlphaToOne ?? preset.setAlphaToOne,
    ...(changes.trainedBetas && { trainedBetas: changes.trainedBetas }),
    ...(changes.rescaleBetasZeroSnr && { rescaleBetasZeroSnr: true }),
  };
  checkInteger("numTrainTimesteps", config.numTrainTimesteps, 1, 1_000_000);
  checkNumber("betaStart", config.betaStart, Number.MIN_VALUE, 1 - Number.EPSILON);
  checkNumber("betaEnd", config.betaEnd, config.betaStart, 1 - Number.EPSILON);
  checkOneOf("betaSchedule", config.betaSchedule, BETA_SCHEDULES);
  checkOneOf("timestepSpacing", config.timestepSpacing, TIMESTEP_SPACINGS);
  checkInteger("stepsOffset", config.stepsOffset, 0, config.numTrainTimesteps - 1);
  if (config.trainedBetas) checkTrainedBetas(config.trainedBetas, config.numTrainTimesteps);
  return config;
}

function checkTrainedBetas(betas: readonly number[], levels: number): void {
  if (betas.length !== levels) {
    throw new RangeError(
      `trainedBetas has ${betas.length} entries, wanted ${levels}, the numTrainTimesteps`,
    );
  }
  betas.forEach((beta, i) => checkNumber(`trainedBetas[${i}]`, beta, 0, 1 - Number.EPSILON));
}
