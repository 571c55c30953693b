/** All that `parataa` can do, one row a command. @module */
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

/** By name, in the order of `parataa --help`. */
export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  dit: {
    script: "parallel_dit",
    about: "sample a class-conditional diffusion transformer",
    permissions: SAMPLE,
  },
  sd: {
    script: "parallel_sd",
    about: "text to image with Stable Diffusion",
    permissions: SAMPLE,
  },
  "sd-winit": {
    script: "parallel_sd_winit",
    about: "text to image from the trajectory of an earlier sample",
    permissions: SAMPLE,
  },
  demo: {
    script: "demo",
    about: "all three on the models that ship with parataa",
    permissions: DEMO,
  },
  verify: {
    script: "verify",
    about: "check a run against sequential sampling",
    operand: { ...RUN, words: ["dit", "sd", "sd-winit"] },
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
    about: "make the runs of a grid of flags and report on them",
    operand: { path: "FILE" },
    permissions: EXPERIMENT,
  },
  inspect: {
    script: "inspect",
    about: "say what a file or folder is: checkpoint, network, model, run",
    operand: { path: "FILE" },
    permissions: INSPECT,
  },
  doctor: {
    script: "doctor",
    about: "say which library, providers and models work here, and what is missing",
    permissions: DOCTOR,
  },
  selftest: {
    script: "selftest",
    about: "run the shipped networks on a device, against the CPU",
    permissions: DOCTOR,
  },
  fetch: {
    script: "fetch",
    about: "download a model from a hub",
    permissions: FETCH,
  },
  convert: {
    script: "convert",
    about: "make a model folder of a checkpoint: DiT, Stable Diffusion",
    operand: { words: ["dit", "sd"] },
    permissions: CONVERT,
  },
};
