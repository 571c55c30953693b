/** Table of the commands of `parataa`. @module */
import type { CommandRow } from "./command.ts";
import {
  CONVERT,
  DEMO,
  DOCTOR,
  EXPERIMENT,
  FETCH,
  INSPECT,
  RERUN,
  SAMPLE,
} from "../../arguments/permissions.ts";

const RUN = { path: "DIR" } as const;

/** Commands by name, in the order of `parataa --help`. */
export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  dit: {
    script: "parallel_dit",
    about: "sample a class-conditional diffusion transformer (DiT)",
    permissions: SAMPLE,
  },
  flow: {
    script: "parallel_flow",
    about: "sample a flow-matching transformer (rectified flow)",
    permissions: SAMPLE,
  },
  sd: {
    script: "parallel_sd",
    about: "sample images from a prompt with Stable Diffusion",
    permissions: SAMPLE,
  },
  "sd-winit": {
    script: "parallel_sd_winit",
    about: "sample a prompt from the trajectory of an earlier sample (warm start)",
    permissions: SAMPLE,
  },
  demo: {
    script: "demo",
    about: "run the sampling commands on the models that ship with parataa",
    permissions: DEMO,
  },
  verify: {
    script: "verify",
    about: "compare a run with sequential sampling",
    operand: { ...RUN, words: ["dit", "flow", "sd", "sd-winit"] },
    permissions: SAMPLE,
  },
  rerun: {
    script: "rerun",
    about: "repeat a run from its manifest and compare every byte",
    operand: RUN,
    permissions: RERUN,
  },
  experiment: {
    script: "experiment",
    about: "run a grid of flags and write a report",
    operand: { path: "FILE" },
    permissions: EXPERIMENT,
  },
  inspect: {
    script: "inspect",
    about: "describe a file or folder: checkpoint, network, model or run",
    operand: { path: "FILE" },
    permissions: INSPECT,
  },
  doctor: {
    script: "doctor",
    about: "check the library, the providers and a model, and report what is missing",
    permissions: DOCTOR,
  },
  selftest: {
    script: "selftest",
    about: "run the shipped networks on a device and compare them with the CPU",
    permissions: DOCTOR,
  },
  fetch: {
    script: "fetch",
    about: "download a model from a hub",
    permissions: FETCH,
  },
  convert: {
    script: "convert",
    about: "convert a DiT or Stable Diffusion checkpoint to a model folder, or one for Triton",
    operand: { words: ["dit", "sd", "triton"] },
    permissions: CONVERT,
  },
};
