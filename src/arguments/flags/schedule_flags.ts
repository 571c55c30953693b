/** Flags that choose the chain: scheduler and levels. @module */
import type { Flag } from "../flag.ts";

/** Flags of every sampling script. */
export const SCHEDULE_FLAGS = {
  scheduler: {
    type: "string",
    value: "NAME",
    sparse: true,
    group: "Sampling",
    aliases: ["sampler"],
    help: "ddim, ddpm, euler, euler_ancestral, dpmpp_2m or flow_euler, or diffusers' class name " +
      "(default: the model's own)",
  },
  sigmas: {
    type: "string",
    value: "A,B,…",
    sparse: true,
    group: "Sampling",
    help: "noise levels, the highest first, as in 14.6,3.1,0.5; not for ddim and ddpm",
  },
  timesteps_list: {
    type: "string",
    value: "A,B,…",
    sparse: true,
    group: "Sampling",
    help: "training levels, the highest first, as in 999,600,200; not for flow_euler",
  },
} as const satisfies Record<string, Flag>;
