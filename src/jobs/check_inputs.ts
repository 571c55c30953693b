/** Checks the inputs that the settings name, without opening a network. @module */
import { readDevices } from "../arguments/device_settings.ts";
import { pathAccess } from "../arguments/flag.ts";
import { readScheduler } from "../arguments/chain_settings.ts";
import { readSeedList } from "../arguments/seed_list.ts";
import { flagName } from "../arguments/setting_names.ts";
import type { GivenSettings, SettingValues } from "../arguments/resolve_settings.ts";
import type { ResolvedSettings } from "../arguments/settings.ts";
import { TASKS } from "../arguments/tasks.ts";
import { UsageError } from "../errors.ts";
import { fileFault } from "../formats/file_fault.ts";
import { readClassNames } from "../models/class_names.ts";
import { readFlowSchedulerFile } from "../models/schedulers/flow_scheduler.ts";
import { createModelSchedule } from "../models/schedulers/model_schedule.ts";
import { readSchedulerFile } from "../models/schedulers/scheduler_file.ts";
import { openClassFolder } from "../pipelines/class_pipeline.ts";
import { openStableDiffusionFolder } from "../pipelines/stable_diffusion_pipeline.ts";
import { readTextScheduler } from "../pipelines/text_scheduler.ts";
import { modelFolder } from "./execution/open_model.ts";
import { checkSettings } from "./sample_run.ts";
import { flowKind } from "./tasks/flow_kind.ts";
import { expectLabels, parseClassLabels } from "./tasks/class_labels.ts";
import { readPrompts } from "./tasks/text_prompts.ts";

/**
 * Checks that the named files exist, that the model is complete and that it has the named classes.
 *
 * @throws {ParataaError} with the error that a run with these settings would throw
 */
export async function checkInputs(given: GivenSettings): Promise<void> {
  const { settings, given: names } = await checkSettings(given);
  const values: SettingValues = { ...settings };
  for (const setting of names) {
    const flag = TASKS[settings.task].flags[flagName(setting)], path = values[setting];
    const isRead = pathAccess(flag) === "read" && setting !== "modelPath";
    if (isRead && typeof path === "string") await expectThere(setting, path);
  }
  await checkModel(settings);
}

async function expectThere(setting: string, path: string): Promise<void> {
  try {
    await Deno.stat(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UsageError((name) => `${name(setting)} ${path} cannot be read: ${fileFault(cause)}`, {
      cause,
    });
  }
}

/** Checks the model folder, and the classes or prompts against it. */
async function checkModel(settings: ResolvedSettings): Promise<void> {
  const { task, modelPath, vaePath, fp16, fallback } = settings;
  const path = modelFolder(task, modelPath), scheduler = readScheduler(settings);
  const pool = {
    devices: readDevices(settings),
    fallback: fallback === "cpu" ? fallback : undefined,
  };
  const isClasses = settings.task === "dit" ||
    settings.task === "flow" && await flowKind(path, settings) === "classes";
  if (isClasses) {
    const folder = await openClassFolder(path, { vaePath, fp16, pool });
    const chain = task === "flow"
      ? await readFlowSchedulerFile(folder, { scheduler })
      : await readSchedulerFile(folder, { kind: "dit", scheduler });
    createModelSchedule(chain, settings, { kind: "dit", path: folder.path });
    const classes = readClassNames(folder);
    if (settings.classLabels === undefined) return;
    const { labels } = parseClassLabels(settings.classLabels.join(), classes);
    const count = readSeedList(settings.seeds)?.length ?? settings.numSamples;
    if (count !== undefined) expectLabels(labels, count);
    return;
  }
  const folder = await openStableDiffusionFolder(path, { vaePath, fp16, pool });
  const chain = await readTextScheduler(folder, { scheduler });
  createModelSchedule(chain, settings, { kind: "stable-diffusion", path: folder.path });
  if (!("promptsFile" in settings) || settings.promptsFile === undefined) return;
  await readPrompts("promptsFile", settings.promptsFile);
}
