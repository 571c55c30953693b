/** Resumes a run that was stopped, killed or failed. @module */
import { fitToMachine } from "../arguments/fit_to_machine.ts";
import { type RecordedArguments, recordedSettings } from "../arguments/record.ts";
import { requireAccess } from "../arguments/require_access.ts";
import { flagName, recordable } from "../arguments/setting_names.ts";
import { defined, resolveSettings } from "../arguments/resolve_settings.ts";
import type { Overrides, Task } from "../arguments/settings.ts";
import { TASKS } from "../arguments/tasks.ts";
import { MismatchError, UsageError } from "../errors.ts";
import { readFinishedRun } from "../runs/finished_run.ts";
import { type LockedRun, lockRun } from "../runs/unfinished_run.ts";
import { openModel } from "./execution/open_model.ts";
import { Watch, type WatchOptions } from "./progress.ts";
import { recordedTask } from "./recorded_task.ts";
import { type RunResult, runResult } from "./run_result.ts";
import { sampleOn } from "./sampling.ts";
import { shownValue } from "../text.ts";

/**
 * Resumes a run where it stopped; the result is byte-identical to an uninterrupted run. A complete
 * run is only validated.
 *
 * @param path the run's folder
 * @param overrides settings that differ from the recorded ones; they must not affect the result
 * @throws {MismatchError} when a setting would change the result, or version, library, model or an
 *   input differ from the recorded ones
 * @throws {FormatError} when a file of a finished sample is damaged
 * @throws {BusyError} when another process writes the run
 *
 * @example
 * ```ts
 * import { resumeRun, sampleRun } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * const outputPath = await Deno.makeTempDir();
 * const stop = new AbortController();
 * const settings = { task: "dit", numSamples: 2, numInferenceSteps: 5, outputPath } as const;
 * let path = "";
 * await sampleRun("models/dit-emoji", settings, {
 *   signal: stop.signal,
 *   onProgress(event) {
 *     if (event.event === "start") path = event.path;
 *     if (event.event === "sample") stop.abort();
 *   },
 * }).catch(() => {});
 * const run = await resumeRun(path);
 * assert.equal(run.samples.length, 2);
 * await Deno.remove(outputPath, { recursive: true });
 * ```
 */
export async function resumeRun(
  path: string,
  overrides: Overrides = {},
  options: WatchOptions = {},
): Promise<RunResult> {
  const watch = new Watch(options);
  if (overrides.outputPath !== undefined) {
    throw new UsageError((name) => `${name("outputPath")} is not used with ${name("resume")}`, {
      hint: "leave it out",
    });
  }
  await using locked = await lockRun(path);
  const task = recordedTask(path, locked.manifest);
  checkTask(path, task, overrides.task);
  const recorded = overridden(task, overrides, locked);
  const { arguments: args, status } = locked.manifest;
  const given = defined({ ...overrides, task });
  const except = new Set(Object.keys(given).map(flagName));
  const { arguments: fitted, notes } = fitToMachine(args, { except });
  const resolved = resolveSettings({ ...recordedSettings(task, fitted), ...given });
  await requireAccess(resolved);
  if (status === "complete") {
    const manifest = await readFinishedRun(path);
    watch.note(`${path} is complete, there is nothing to resume`);
    return runResult(path, manifest);
  }
  for (const line of notes) watch.note(line);
  await using model = await openModel(resolved.settings, watch.note);
  return await sampleOn(model, resolved, { watch, resumed: { locked, overrides: recorded } });
}

function checkTask(path: string, recorded: Task, given: Task | undefined): void {
  if (given === undefined || given === recorded) return;
  throw new MismatchError(
    `${path} is a run of ${TASKS[recorded].script}, this is ${TASKS[given].script}`,
  );
}

/** Given settings that do not affect the result, in the form of a manifest. */
function overridden(
  task: Task,
  { task: _, ...overrides }: Overrides,
  { path, manifest: { arguments: recorded } }: LockedRun,
): RecordedArguments {
  const differing: RecordedArguments = {};
  for (const [setting, given] of Object.entries(overrides)) {
    const name = flagName(setting), flag = TASKS[task].flags[name];
    const scope = flag?.scope ?? "result";
    if (given === undefined || scope === "session") continue;
    const value = recordable(setting, given) as RecordedArguments[string];
    const before = recorded[name] ?? null;
    if (scope !== "result") differing[name] = value;
    else if (value !== before) {
      throw new MismatchError(
        (spell) =>
          `${spell(setting)} is ${shownValue(value)}, the run in ${path} has ${shownValue(before)}`,
        { hint: (spell) => `leave it out, or start a new run with ${spell("argsFrom")}` },
      );
    }
  }
  return differing;
}
