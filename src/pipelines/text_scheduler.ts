/** The scheduler of a text-to-image model. @module */
import { ModelError } from "../errors.ts";
import type { ModelFolder } from "../models/model_folder.ts";
import { readSchedulerFile, type SchedulerFile } from "../models/schedulers/scheduler_file.ts";
import type { SchedulerName } from "../models/schedulers/scheduler_names.ts";
import { textFamily } from "./text_family.ts";

/**
 * The model's schedule.
 *
 * @throws {ModelError} when a flow model's file names a scheduler of diffusion models
 */
export async function readTextScheduler(
  folder: ModelFolder,
  { scheduler: name }: { scheduler?: SchedulerName } = {},
): Promise<SchedulerFile> {
  const { flow, title, name: family } = textFamily(folder.index);
  const options = { kind: "stable-diffusion", scheduler: name } as const;
  // Only the pipelines of Stable Diffusion 1 and 2 set the offset and clipping themselves.
  const scheduler = await readSchedulerFile(folder, { ...options, ownSettings: family !== "sd" });
  if (!flow || scheduler.steps === "flow_euler") return scheduler;
  throw new ModelError(
    `${folder.path}: ${title} is a flow model, but scheduler/scheduler_config.json is that of a ` +
      "diffusion model, wanted FlowMatchEulerDiscreteScheduler",
  );
}
