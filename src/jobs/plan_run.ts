/** Measures the device and estimates the cost of every window size. @module */
import type { GivenSettings } from "../arguments/resolve_settings.ts";
import type { RunSettings } from "../arguments/settings.ts";
import { UsageError } from "../errors.ts";
import { openModel } from "./execution/open_model.ts";
import { type BatchTime, measureBatchTimes } from "./planning/batch_times.ts";
import type { Plan } from "./planning/plan_window.ts";
import { type Measured, measurePlan } from "./planning/resolve_window.ts";
import { Watch, type WatchOptions } from "./progress.ts";
import { checkSettings } from "./sample_run.ts";
import { createTaskContext } from "./tasks/task.ts";
import { taskOn } from "./tasks/task_on.ts";

/** Maximum time spent on timing calls for an estimate. */
const MAX_SECONDS = 5;

/**
 * Measures the device and plans the window of a run.
 *
 * @throws {UsageError} naming the invalid setting; `sequential` has no window, and the rounds of
 *   `own` are unknown
 */
export async function planRun(
  model: string,
  settings: RunSettings,
  options: WatchOptions = {},
): Promise<Plan> {
  const checked = await checkSettings({ ...settings, modelPath: model });
  const { method, eta, preset } = checked.settings;
  if (method === "sequential" || method === "own") {
    throw new UsageError((name) => `${name("plan")} is not used by ${name("method")} ${method}`, {
      hint: "leave it out",
    });
  }
  return await onModel({ ...settings, modelPath: model }, {
    options,
    work: async (measured) => (await measurePlan(measured, { method, eta, preset })).plan,
  });
}

/** Times calls of the denoiser with the given settings. */
export async function timeCalls(
  settings: GivenSettings,
  options: WatchOptions = {},
): Promise<BatchTime[]> {
  const work = async ({ task, taskContext }: Measured) =>
    await measureBatchTimes(await task.denoiser(task.anyCondition, taskContext), {
      numSteps: taskContext.schedule.numSteps,
      signal: taskContext.signal,
      budgetSeconds: MAX_SECONDS,
    });
  return await onModel(settings, { options, work });
}

interface Work<T> {
  options: WatchOptions;
  work: (measured: Measured) => Promise<T>;
}

async function onModel<T>(run: GivenSettings, { options, work }: Work<T>): Promise<T> {
  const watch = new Watch(options);
  const { settings } = await checkSettings(run);
  await using opened = await openModel(settings, watch.note);
  const { pipeline } = opened;
  watch.signal.throwIfAborted();
  const taskContext = createTaskContext(settings, pipeline.createSchedule(settings), watch);
  return await work({ pipeline, task: taskOn(pipeline, settings), taskContext });
}
