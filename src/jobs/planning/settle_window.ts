/** Replaces the window size `auto` by the planned one. @module */
import type { Settled } from "../../arguments/settings.ts";
import type { LatentPipeline } from "../../pipelines/latent_pipeline.ts";
import type { Method } from "../../sampling/options.ts";
import type { Making, OpenTask } from "../tasks/task.ts";
import { measureBatchTimes } from "./batch_times.ts";
import { type Plan, planLines, planWindow } from "./plan_window.ts";

/** The pipeline and task to measure. */
export interface Measured {
  pipeline: LatentPipeline;
  task: OpenTask;
  making: Making;
}

/** Plan of the window, and the network rows per step. */
export interface MeasuredPlan {
  plan: Plan;
  rowsPerStep: number;
}

/** Measures the denoiser and plans the window of a method. */
export async function measurePlan(
  { task, making }: Measured,
  { method, eta }: { method: Method; eta: number },
): Promise<MeasuredPlan> {
  const denoiser = await task.denoiser(task.anyCondition, making);
  const { signal, schedule: { numSteps } } = making;
  const times = await measureBatchTimes(denoiser, { numSteps, signal });
  const plan = planWindow(times, { method, eta, numSteps });
  return { plan, rowsPerStep: denoiser.rowsPerStep };
}

/** Fills in open window and batch sizes, so that the manifest records the chosen values. */
export async function settleWindow<S extends Settled>(
  settings: S,
  measured: Measured,
): Promise<S> {
  const { method, windowSize, batchSize } = settings;
  if (method === "sequential" || method === "own" || windowSize !== "auto") return settings;
  const { plan, rowsPerStep } = await measurePlan(measured, { ...settings, method });
  for (const line of planLines(plan)) measured.making.note(line);
  const { best } = plan;
  const settled = { ...settings, windowSize: best.window };
  if (best.part >= best.window) return settled;
  // The part was timed over all devices, `batchSize` limits the call of one.
  const rows = Math.ceil(best.part * rowsPerStep / measured.pipeline.devices.length);
  return { ...settled, batchSize: batchSize ?? rows };
}
