/** The commands that sample: a command line to settings, a run, and what it printed. @module */
import { type MergedSettings, takeArgumentsFrom } from "../arguments/args_from.ts";
import type { FlagTable } from "../arguments/flag.ts";
import { type FlagSettings, refuseIgnored } from "../arguments/ignored_flags.ts";
import { parseFlags } from "../arguments/parse_flags.ts";
import { givenSettings, recordArguments } from "../arguments/record.ts";
import { type GivenSettings, type SettingValues, settle } from "../arguments/settle.ts";
import type { Task } from "../arguments/settings.ts";
import { TASKS } from "../arguments/tasks.ts";
import { deviceLines, listDevices } from "../diagnostics/doctor/list_devices.ts";
import { UsageError } from "../errors.ts";
import { modelFolder, openEnvironment } from "../jobs/execution/open_model.ts";
import { planRun } from "../jobs/plan_run.ts";
import { planLines } from "../jobs/planning/plan_window.ts";
import { resumeRun } from "../jobs/resume_run.ts";
import type { RunResult } from "../jobs/run_result.ts";
import { sampleRun } from "../jobs/sample_run.ts";
import type { Command } from "./command.ts";
import { printedAndDone, type ScriptSummary } from "./help.ts";
import { listClasses } from "./list_classes.ts";
import { flagged } from "./main.ts";
import { planTable } from "./plan_table.ts";
import { printLine, printLines } from "./print.ts";
import { createProgress } from "./progress.ts";
import { watchRun } from "./watch_run.ts";

const SUMMARIES: Readonly<Record<Task, ScriptSummary>> = {
  dit: {
    name: "parallel_dit",
    about:
      "Samples a class-conditional diffusion transformer (DiT), all steps of the chain at once.",
    example: 'deno task dit --class_labels "cat face,heart" --timesteps 50',
  },
  sd: {
    name: "parallel_sd",
    about: "Text to image with Stable Diffusion, all steps of the chain at once.",
    example: 'deno task sd --prompt "a cute dog" --num_samples 4',
  },
  "sd-winit": {
    name: "parallel_sd_winit",
    about:
      "Samples a prompt with Stable Diffusion from the trajectory of another prompt, a file or an image.",
    example:
      'deno task sd-winit --prompt1 "a cute dog" --prompt2 "a cute cat" --variation_steps 30',
  },
};

/** What a command line of a sampling script says. */
interface Line {
  given: GivenSettings;
  /** Names of the flags that were given. */
  names: ReadonlySet<string>;
  resume?: string;
  argsFrom?: string;
  plan: boolean;
  listDevices: boolean;
  listClasses: boolean;
  quiet: boolean;
  json: boolean;
  verbose: boolean;
}

function readLine(task: Task, flags: FlagTable, argv: readonly string[]): Line {
  const { values, given } = parseFlags(flags, argv);
  const { resume, args_from, plan, quiet, json, verbose, ...lists }: SettingValues = values;
  const text = (value: unknown) => typeof value === "string" ? value : undefined;
  const line = {
    given: givenSettings(task, values, given),
    names: given,
    ...{ resume: text(resume), argsFrom: text(args_from) },
    ...{ plan: plan === true, listDevices: lists.list_devices === true },
    listClasses: lists.list_classes === true,
    ...{ quiet: quiet === true, json: json === true, verbose: verbose === true },
  };
  const wrong = line.argsFrom !== undefined ? "args_from" : line.plan ? "plan" : undefined;
  if (line.resume !== undefined && wrong) {
    throw new UsageError(`--${wrong} is not used with --resume`, { hint: "leave it out" });
  }
  return line;
}

/**
 * Runs a sampling script: `--help`, `--list_devices` and `--plan` print and leave.
 *
 * @param more flags beside the task's own, which the caller reads
 * @returns `undefined` where nothing was sampled
 */
export async function runSampling(
  task: Task,
  argv: readonly string[],
  { signal, more = {} }: { signal: AbortSignal; more?: FlagTable },
): Promise<RunResult | undefined> {
  const flags = { ...TASKS[task].flags, ...more };
  if (printedAndDone({ summary: SUMMARIES[task], flags }, argv)) return undefined;
  const line = readLine(task, flags, argv);
  const progress = createProgress(line), advise = !line.quiet && !line.json;
  const { resume } = line;
  if (resume !== undefined && !line.listDevices && !line.listClasses) {
    const run = await watchRun(
      { signal, progress, advise },
      (options) => resumeRun(resume, line.given, options),
    );
    progress.done(run);
    return run;
  }
  const { settings: merged, recordedModel, notes }: MergedSettings = line.argsFrom === undefined
    ? { settings: line.given, notes: [] }
    : await takeArgumentsFrom(line.argsFrom, line.given);
  const { json, verbose, listDevices: list_devices } = line;
  refuseIgnored({ ...flagValues(merged), json, verbose, list_devices }, line.names);
  for (const note of notes) progress.tell({ event: "note", line: note });
  const { modelPath = TASKS[task].modelPath, ...settings } = merged;
  if (line.listClasses) await listClasses(modelFolder(task, modelPath), line);
  else if (line.listDevices) printDevices(merged, line);
  else if (line.plan) await printPlan(modelPath, settings, { ...line, signal });
  if (line.listClasses || line.listDevices || line.plan) return undefined;
  const run = await watchRun(
    { signal, progress, advise, recordedModel },
    (options) => sampleRun(modelPath, settings, options),
  );
  progress.done(run);
  return run;
}

/** What the flags come to, by their names, for the rules of flags beside each other. */
function flagValues(given: GivenSettings): FlagSettings {
  const recorded = recordArguments(settle(given).settings, "all");
  return Object.fromEntries(
    Object.entries(recorded).map(([name, value]) => [name, value ?? undefined]),
  );
}

function printDevices(given: GivenSettings, { json }: Line): void {
  const { settings } = settle(given);
  using env = openEnvironment(settings);
  const list = listDevices(env, settings);
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

/** A sampling command, for scripts and for `parataa`. */
export function samplingCommand(task: Task): Command {
  return {
    flags: TASKS[task].flags,
    run: flagged((args, signal) => runSampling(task, args, { signal })),
  };
}
