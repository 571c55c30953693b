/** Settles `--window_size auto`, and what `--plan` prints. @module */
import type { LatentPipeline } from "../../pipelines/latent_pipeline.ts";
import { measureBatchTimes } from "./batch_times.ts";
import type { FlagTable } from "../../arguments/flag.ts";
import { printLine, printLines } from "../../cli/print.ts";
import { planLines, planTable, planWindow } from "./plan_window.ts";
import type { SamplingScript, SamplingTable, Setting } from "../sampling_script.ts";
import type { SamplingValues } from "../solve.ts";

/**
 * Measures the denoiser and sets `window_size` and `batch_size` where they are open, so that the manifest records what was chosen.
 *
 * @returns whether the run goes on: `--plan` only prints
 */
export async function settleWindow<
  T extends FlagTable & SamplingTable,
  P extends LatentPipeline<never>,
>(
  script: SamplingScript<T, P>,
  setting: Setting<T, P>,
): Promise<boolean> {
  const values = setting.values as SamplingValues;
  const { method, eta } = values;
  if (method === "sequential" || !(values.plan || values.window_size === "auto")) return true;
  const denoiser = await script.denoiser(script.anyCondition, setting);
  const { numSteps } = setting.schedule;
  const times = await measureBatchTimes(denoiser, { numSteps, signal: setting.signal });
  const plan = planWindow(times, { method, eta, numSteps });
  if (values.plan) {
    if (values.json) printLine(JSON.stringify({ event: "plan", ...plan }));
    else printLines([...planTable(plan), ...planLines(plan)]);
    return false;
  }
  for (const line of planLines(plan)) setting.progress.note(line);
  values.window_size = plan.best.window;
  // The part was timed spread over the devices; what is bounded is the call of one.
  const devices = setting.pipeline.devices.length;
  if (plan.best.part < plan.best.window) {
    values.batch_size ??= Math.ceil(plan.best.part * denoiser.rowsPerStep / devices);
  }
  return true;
}
