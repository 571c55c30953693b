/** The chain of a run: a model's scheduler with the settings of the run. @module */
import { ModelError, UsageError, type Wording } from "../../errors.ts";
import type { ClipOptions } from "../../sampling/schedules/clip_sample.ts";
import { createEulerSchedule } from "../../sampling/schedules/euler_schedule.ts";
import { createFlowSchedule } from "../../sampling/schedules/flow_schedule.ts";
import { flowShift } from "../../sampling/schedules/flow_sigmas.ts";
import { createMultistepSchedule } from "../../sampling/schedules/multistep_schedule.ts";
import { createSchedule, type ScaledSchedule } from "../../sampling/schedules/schedule.ts";
import type { ScheduleKind } from "../../sampling/schedules/scheduler_config.ts";
import { clipOptions } from "./clip_settings.ts";
import type { SchedulerFile } from "./scheduler_file.ts";
import type { StepRule } from "./scheduler_names.ts";

/** Settings of a run that choose the chain. */
export interface ScheduleRequest {
  /** T. */
  numInferenceSteps: number;
  /** 0 is DDIM, 1 is DDPM; other schedulers take 0. Default 0. */
  eta?: number;
  /** Noise levels σ, highest first; for `euler`, `euler_ancestral`, `dpmpp_2m`, `flow_euler`. */
  sigmas?: readonly number[];
  /** Training levels, highest first; not for `flow_euler`. */
  timestepsList?: readonly number[];
}

/** What a pipeline adds to it. */
export interface PipelineFacts {
  /** Path of the model folder, for messages. */
  path: string;
  kind: ScheduleKind;
  /** Tokens of an image, for a shift by its size; that of the scheduler's base by default. */
  imageSeqLen?: number;
  /** How the pipeline spaces the levels of a flow; default `scheduler`. */
  flowSpacing?: "scheduler" | "pipeline";
}

/** A chain, and how its steps are taken. */
export interface ModelSchedule extends ScaledSchedule {
  /** `dpmpp_2m` needs a denoiser wrapped by {@link secondOrder}. */
  readonly steps: StepRule;
  /** How the predicted sample is clipped, as a {@link GuidedDenoiser} does. */
  readonly clip?: Omit<ClipOptions, "schedule">;
}

/**
 * The chain of a run.
 *
 * @throws {UsageError} when the scheduler does not take a setting, or its value
 * @throws {ModelError} when the model has no schedule with this number of steps
 */
export function createModelSchedule(
  scheduler: SchedulerFile,
  request: ScheduleRequest,
  facts: PipelineFacts,
): ModelSchedule {
  const { steps } = scheduler;
  const list = givenList(request);
  refuseUnused(steps, request);
  try {
    return { ...chain(scheduler, request, facts), steps, ...clipping(scheduler, request) };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    if (list !== undefined) {
      const message: Wording = (name) => `${name(list)} cannot be sampled: ${cause.message}`;
      throw new UsageError(message, { cause });
    }
    throw new ModelError(
      `${facts.path} has no schedule of ${request.numInferenceSteps} steps: ${cause.message}`,
      { hint: "scheduler/scheduler_config.json holds its noise levels", cause },
    );
  }
}

function clipping(
  scheduler: SchedulerFile,
  { eta = 0 }: ScheduleRequest,
): Pick<ModelSchedule, "clip"> {
  if (scheduler.steps === "flow_euler" || !scheduler.clip) return {};
  return { clip: clipOptions(scheduler.clip, { steps: scheduler.steps, eta }) };
}

type List = "sigmas" | "timestepsList";

function givenList({ sigmas, timestepsList }: ScheduleRequest): List | undefined {
  return sigmas ? "sigmas" : timestepsList && "timestepsList";
}

/** Lists of levels that a scheduler takes. */
const LISTS: Readonly<Record<StepRule, readonly List[]>> = {
  ddim: ["timestepsList"],
  euler: ["sigmas", "timestepsList"],
  euler_ancestral: ["sigmas", "timestepsList"],
  dpmpp_2m: ["sigmas", "timestepsList"],
  flow_euler: ["sigmas"],
};

function refuseUnused(steps: StepRule, request: ScheduleRequest): void {
  const { eta = 0 } = request, list = givenList(request);
  if (list !== undefined && !LISTS[steps].includes(list)) {
    throw new UsageError(
      (name) =>
        `${name(list)} is not used by ${name("scheduler")} ${steps}, which takes ` +
        LISTS[steps].map(name).join(" or "),
    );
  }
  if (eta === 0 || steps === "ddim") return;
  throw new UsageError(
    (name) => `${name("eta")} is ${eta}, but ${name("scheduler")} ${steps} takes 0`,
    { hint: (name) => `${name("scheduler")} ddim and euler_ancestral add noise` },
  );
}

function chain(
  scheduler: SchedulerFile,
  { numInferenceSteps, eta, sigmas, timestepsList: timesteps }: ScheduleRequest,
  { kind, imageSeqLen, flowSpacing: spacing }: PipelineFacts,
): ScaledSchedule {
  if (scheduler.steps === "flow_euler") {
    const { flow, dynamicShift: shift } = scheduler;
    const mu = shift && flowShift(imageSeqLen ?? shift.baseImageSeqLen ?? 256, shift);
    return createFlowSchedule({ ...flow, numInferenceSteps, sigmas, mu, spacing });
  }
  const { config, sigmaSettings, steps } = scheduler;
  const options = { kind, ...config, numInferenceSteps, timesteps };
  if (steps === "ddim") return createSchedule({ ...options, eta });
  // Own levels take the place of the file's spacing.
  const levels = { ...options, ...(sigmas ? { sigmas } : sigmaSettings) };
  if (steps === "dpmpp_2m") return createMultistepSchedule(levels);
  return createEulerSchedule({ ...levels, ancestral: steps === "euler_ancestral" });
}
