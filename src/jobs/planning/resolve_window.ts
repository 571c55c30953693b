/** Replaces the window size `auto` by the planned one. @module */
import type { ResolvedShared } from "../../arguments/settings.ts";
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
  { method, eta, preset }: Pick<ResolvedShared, "eta" | "preset"> & { method: Method },
): Promise<MeasuredPlan> {
  const denoiser = await task.denoiser(task.anyCondition, taskContext);
  const { signal, schedule } = taskContext, { numSteps } = schedule, { rowSize } = denoiser;
  const times = await measureBatchTimes(denoiser, { numSteps, signal });
  const ownSeconds = await measureOwnTime({ method, schedule, rowSize });
  const plan = planWindow(times, {
    ...{ method, eta, numSteps, ownSeconds },
    exact: preset === "exact",
  });
  return { plan, rowsPerStep: denoiser.rowsPerStep };
}

/** Sizes of a window and of a device's call. */
export type WindowSizes = Pick<ResolvedShared, "windowSize" | "batchSize">;

/**
 * Returns the window and batch sizes with open ones filled in, so that the manifest records the
 * chosen values. A window that was not given is open if an accelerator or several devices evaluate
 * the network.
 */
export async function resolveWindow(
  { method, eta, preset, windowSize, batchSize }:
    & WindowSizes
    & Pick<ResolvedShared, "method" | "eta" | "preset">,
  given: ReadonlySet<string>,
  measured: Measured,
): Promise<WindowSizes> {
  if (method === "sequential" || method === "own") return { windowSize, batchSize };
  const isOpen = !given.has("windowSize") && followsDevices(measured.pipeline);
  if (windowSize !== "auto" && !isOpen) return { windowSize, batchSize };
  const { plan, rowsPerStep } = await measurePlan(measured, { method, eta, preset });
  for (const line of planLines(plan)) measured.taskContext.note(line);
  const { best } = plan;
  if (best.part >= best.window) return { windowSize: best.window, batchSize };
  // The part was timed over all devices, `batchSize` limits the call of one.
  const rows = Math.ceil(best.part * rowsPerStep / measured.pipeline.devices.length);
  return { windowSize: best.window, batchSize: batchSize ?? rows };
}

/** Whether the devices are more than lanes of one CPU. */
function followsDevices({ devices }: Pick<LatentPipeline, "devices">): boolean {
  return devices.some(({ name }) => !/^cpu(:|$)/.test(name));
}
