/** Executes the command line of a sampling script. @module */
import { type GivenSettings, resolveSettings } from "../arguments/resolve_settings.ts";
import { TASKS } from "../arguments/tasks.ts";
import { deviceLines, listDevices } from "../diagnostics/doctor/list_devices.ts";
import { modelFolder, openEnvironment } from "../jobs/execution/open_model.ts";
import { planRun } from "../jobs/plan_run.ts";
import { planLines } from "../jobs/planning/plan_window.ts";
import { resumeRun } from "../jobs/resume_run.ts";
import type { RunResult } from "../jobs/run_result.ts";
import { sampleRun } from "../jobs/sample_run.ts";
import { listClasses } from "./commands/list_classes.ts";
import { planTable } from "./plan_table.ts";
import { printLine, printLines } from "./print.ts";
import { createProgress } from "./progress.ts";
import { type Line, mergeLine } from "./sampling_line.ts";
import { watchRun } from "./watch_run.ts";

/**
 * Samples, or prints the output of `--list_classes`, `--list_devices` or `--plan`.
 *
 * @returns the run, if any
 */
export async function runLine(line: Line, signal: AbortSignal): Promise<RunResult | undefined> {
  const { task, given, resume, quiet, json } = line;
  const lists = line.listClasses || line.listDevices;
  const progress = createProgress(line), advise = !quiet && !json;
  if (resume !== undefined && !lists) {
    const run = await watchRun(
      { signal, progress, advise },
      (options) => resumeRun(resume, given, options),
    );
    progress.done(run);
    return run;
  }
  const { settings: merged, recordedModel, notes } = await mergeLine(line);
  for (const note of notes) progress.show({ event: "note", line: note });
  const { modelPath = TASKS[task].modelPath, ...settings } = merged;
  if (line.listClasses) await listClasses(modelFolder(task, modelPath), line);
  else if (line.listDevices) await printDevices(merged, line);
  else if (line.plan) await printPlan(modelPath, settings, { json, signal });
  if (lists || line.plan) return undefined;
  const run = await watchRun(
    { signal, progress, advise, recordedModel },
    (options) => sampleRun(modelPath, settings, options),
  );
  progress.done(run);
  return run;
}

async function printDevices(given: GivenSettings, { json }: Line): Promise<void> {
  const { settings } = resolveSettings(given);
  using env = openEnvironment(settings);
  const list = await listDevices(env, settings);
  printLines(json ? [JSON.stringify(list)] : deviceLines(list));
}

async function printPlan(
  model: string,
  settings: GivenSettings,
  { json, signal }: { json: boolean; signal: AbortSignal },
): Promise<void> {
  const plan = await planRun(model, settings, { signal });
  if (json) printLine(JSON.stringify({ event: "plan", ...plan }));
  else printLines([...planTable(plan), ...planLines(plan)]);
}
