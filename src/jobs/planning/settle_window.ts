/** Replaces the window size `auto` by the planned one. @module */
import type { Settling } from "../../arguments/settle.ts";
import type { LatentPipeline } from "../../pipelines/latent_pipeline.ts";
import type { Method } from "../../sampling/options.ts";
import type { OpenTask, TaskContext } from "../tasks/task.ts";
import { measureBatchTimes } from "./batch_times.ts";
import { measureOwnTime } from "./own_time.ts";
import { type Plan, planLines, planWindow } from "./plan_window.ts";

/** The pipeline and task to measure. */
export interface Measured {
  pipeline: LatentPipeline;
  task: OpenTask;
  taskContext: TaskContext;
}

/** Plan of the window, and the network rows per step. */
export interface MeasuredPlan {
  plan: Plan;
  rowsPerStep: number;
}

/** Measures the denoiser and plans the window of a method. */
export async function measurePlan(
  { task, taskContext }: Measured,
  { method, eta }: { method: Method; eta: number },
): Promise<MeasuredPlan> {
  const denoiser = await task.denoiser(task.anyCondition, taskContext);
  const { signal, schedule } = taskContext, { numSteps } = schedule, { rowSize } = denoiser;
  const times = await measureBatchTimes(denoiser, { numSteps, signal });
  const ownSeconds = await measureOwnTime({ method, schedule, rowSize });
  const plan = planWindow(times, { method, eta, numSteps, ownSeconds });
  return { plan, rowsPerStep: denoiser.rowsPerStep };
}

/**
 * Fills in open window and batch sizes, so that the manifest records the chosen values. A window
 * that was not given is open where an accelerator or several devices evaluate the network.
 */
export async function settleWindow(
  { settings, given }: Pick<Settling, "settings" | "given">,
  measured: Measured,
): Promise<Settling["settings"]> {
  const { method, windowSize, batchSize } = settings;
  if (method === "sequential" || method === "own") return settings;
  const isOpen = !given.has("windowSize") && followsDevices(measured.pipeline);
  if (windowSize !== "auto" && !isOpen) return settings;
  const { plan, rowsPerStep } = await measurePlan(measured, { ...settings, method });
  for (const line of planLines(plan)) measured.taskContext.note(line);
  const { best } = plan;
  const settled = { ...settings, windowSize: best.window };
  if (best.part >= best.window) return settled;
  // The part was timed over all devices, `batchSize` limits the call of one.
  const rows = Math.ceil(best.part * rowsPerStep / measured.pipeline.devices.length);
  return { ...settled, batchSize: batchSize ?? rows };
}

/** Whether the devices are more than lanes of one CPU. */
function followsDevices({ devices }: Pick<LatentPipeline, "devices">): boolean {
  return devices.some(({ name }) => !/^cpu(:|$)/.test(name));
}
