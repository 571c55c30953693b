/**
 * diffusers' scheduler classes with DDIM's noise levels (versions 0.35 to 0.42). They differ in
 * their steps and in the defaults of absent keys.
 * @module
 */
import type { SchedulerConfig } from "../../sampling/schedules/scheduler_config.ts";
import { SCHEDULER_NAMES, SCHEDULERS, type StepRule } from "./scheduler_names.ts";

/**
 * Defaults of a class for absent keys; `undefined` for a setting that the class does not have.
 */
export interface SchedulerDefaults extends
  Pick<
    SchedulerConfig,
    "numTrainTimesteps" | "betaStart" | "betaEnd" | "betaSchedule"
  > {
  timestepSpacing: "leading" | "linspace";
  stepsOffset?: number;
  setAlphaToOne?: boolean;
  clipSample?: boolean;
}

const DDPM = {
  numTrainTimesteps: 1000,
  betaStart: 1e-4,
  betaEnd: 0.02,
  betaSchedule: "linear",
  timestepSpacing: "leading",
  stepsOffset: 0,
  clipSample: true,
} as const satisfies SchedulerDefaults;
const DDIM = { ...DDPM, setAlphaToOne: true } as const;
const SIGMAS = { ...DDPM, timestepSpacing: "linspace", clipSample: undefined } as const;
const K_DIFFUSION = { ...SIGMAS, betaStart: 0.00085, betaEnd: 0.012 } as const;

const CLASSES = {
  DDIMScheduler: DDIM,
  DDIMParallelScheduler: DDIM,
  DDPMScheduler: DDPM,
  DDPMParallelScheduler: DDPM,
  PNDMScheduler: { ...DDPM, setAlphaToOne: false, clipSample: undefined },
  LMSDiscreteScheduler: SIGMAS,
  EulerDiscreteScheduler: SIGMAS,
  EulerAncestralDiscreteScheduler: SIGMAS,
  HeunDiscreteScheduler: { ...K_DIFFUSION, clipSample: false },
  KDPM2DiscreteScheduler: K_DIFFUSION,
  KDPM2AncestralDiscreteScheduler: K_DIFFUSION,
  DPMSolverMultistepScheduler: SIGMAS,
  DPMSolverSinglestepScheduler: { ...SIGMAS, stepsOffset: undefined },
  DPMSolverSDEScheduler: K_DIFFUSION,
  DEISMultistepScheduler: SIGMAS,
  UniPCMultistepScheduler: SIGMAS,
  SASolverScheduler: SIGMAS,
} as const satisfies Record<string, SchedulerDefaults>;

/** Name of a class whose noise levels are DDIM's. */
export type SchedulerClass = keyof typeof CLASSES;

/** Names of {@link SCHEDULER_DEFAULTS}. */
export const SCHEDULER_CLASSES = Object.keys(CLASSES) as SchedulerClass[];

/** Defaults of every class for absent keys. */
export const SCHEDULER_DEFAULTS: Readonly<Record<SchedulerClass, SchedulerDefaults>> = CLASSES;

/** Steps that are used for a class: its own if supported, else those of DDIM on its levels. */
export function stepsOf(name: SchedulerClass | undefined): Exclude<StepRule, "flow_euler"> {
  const own = SCHEDULER_NAMES.find((short) => SCHEDULERS[short] === name);
  return own === undefined || own === "ddpm" || own === "flow_euler" ? "ddim" : own;
}

/** Classes that step as parataa does with `--eta` 0 or 1. */
export function stepsAsDdim(name: SchedulerClass): boolean {
  return /^DD[IP]M/.test(name);
}

/**
 * Keys that need no note: they configure the class's own solver, which is noted as a whole, or
 * belong to a key that is refused or noted.
 */
export const STEPPING_KEYS: ReadonlySet<string> = new Set([
  "algorithm_type",
  "clip_sample_range",
  "corrector_order",
  "disable_corrector",
  "dynamic_thresholding_ratio",
  "euler_at_final",
  "flow_shift",
  "interpolation_type",
  "lower_order_final",
  "noise_sampler_seed",
  "predict_x0",
  "predictor_order",
  "sample_max_value",
  "shift_terminal",
  "skip_prk_steps",
  "solver_order",
  "solver_p",
  "solver_type",
  "tau_func",
  "tensor_format",
  "time_shift_type",
]);
