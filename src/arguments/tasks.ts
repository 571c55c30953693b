/** The kinds of runs and their arguments. @module */
import { ditFlags } from "./flags/dit_flags.ts";
import { flowFlags } from "./flags/flow_flags.ts";
import type { FlagTable } from "./flag.ts";
import { sdFlags, sdWinitFlags } from "./flags/sd_flags.ts";
import { LEVEL_LISTS } from "./chain_settings.ts";
import { SEED_LIST_EXCLUDES } from "./seed_list.ts";
import type { Task } from "./settings.ts";
import { SOURCES } from "./warm_start_source.ts";

/** Arguments of one kind of run. */
export interface TaskArguments {
  /** Name of the script, as a manifest records it. */
  script: string;
  /** Prefix of the run folder's name. */
  prefix: string;
  /** Flag table. */
  flags: FlagTable;
  /** Folder of the model that ships with parataa. */
  modelPath: string;
  /** Groups of settings of which at most one may be given. */
  exclusive: readonly (readonly string[])[];
}

const EXCLUSIVE = [LEVEL_LISTS, ...SEED_LIST_EXCLUDES];

const DIT = ditFlags(), FLOW = flowFlags(), SD = sdFlags(), SD_WINIT = sdWinitFlags();

/** Tasks by name. */
export const TASKS: Readonly<Record<Task, TaskArguments>> = {
  dit: {
    script: "parallel_dit",
    prefix: "DiT",
    flags: DIT,
    modelPath: DIT.model_path.default,
    exclusive: EXCLUSIVE,
  },
  flow: {
    script: "parallel_flow",
    prefix: "Flow",
    flags: FLOW,
    modelPath: FLOW.model_path.default,
    exclusive: [["classLabels", "prompt", "promptsFile"], SOURCES, ...EXCLUSIVE],
  },
  sd: {
    script: "parallel_sd",
    prefix: "SD",
    flags: SD,
    modelPath: SD.model_path.default,
    exclusive: [["prompt", "promptsFile"], ...EXCLUSIVE],
  },
  "sd-winit": {
    script: "parallel_sd_winit",
    prefix: "SD-winit",
    flags: SD_WINIT,
    modelPath: SD_WINIT.model_path.default,
    exclusive: [SOURCES, ...EXCLUSIVE],
  },
};

/** Names of all tasks. */
export const TASK_NAMES = Object.keys(TASKS) as readonly Task[];

/** Task of the script that a manifest names. */
export function taskOf(script: string): Task | undefined {
  return TASK_NAMES.find((task) => TASKS[task].script === script);
}
