/** The schedulers that a run can use: short names and diffusers' class names. @module */
import { nearestWord } from "../../formats/nearest_word.ts";

/** Short name of a scheduler. */
export type SchedulerName =
  | "ddim"
  | "ddpm"
  | "euler"
  | "euler_ancestral"
  | "dpmpp_2m"
  | "flow_euler";

/** diffusers' classes by the short name of each. */
export const SCHEDULERS = {
  ddim: "DDIMScheduler",
  ddpm: "DDPMScheduler",
  euler: "EulerDiscreteScheduler",
  euler_ancestral: "EulerAncestralDiscreteScheduler",
  dpmpp_2m: "DPMSolverMultistepScheduler",
  flow_euler: "FlowMatchEulerDiscreteScheduler",
} as const satisfies Record<SchedulerName, string>;

/** How steps are taken from level to level; `ddim` with any eta, so DDPM too. */
export type StepRule = Exclude<SchedulerName, "ddpm">;

/** Short names of all schedulers. */
export const SCHEDULER_NAMES = Object.keys(SCHEDULERS) as SchedulerName[];

/** Short name of a scheduler by either of its names; `undefined` if there is no such scheduler. */
export function schedulerNamed(text: string): SchedulerName | undefined {
  return SCHEDULER_NAMES.find((name) => name === text || SCHEDULERS[name] === text);
}

/** The scheduler whose name is like `text`. */
export function nearestScheduler(text: string): string | undefined {
  return nearestWord(text, [...SCHEDULER_NAMES, ...Object.values(SCHEDULERS)]);
}
