/** The commands that sample. @module */
import type { FlagTable } from "../../arguments/flag.ts";
import type { Task } from "../../arguments/settings.ts";
import { TASKS } from "../../arguments/tasks.ts";
import type { RunResult } from "../../jobs/run_result.ts";
import type { Command } from "./command.ts";
import { printHelpOrVersion, type ScriptSummary } from "../help.ts";
import { withFlagNames } from "../main.ts";
import { readLine } from "../sampling_line.ts";

const SUMMARIES: Readonly<Record<Task, ScriptSummary>> = {
  dit: {
    name: "parallel_dit",
    about:
      "Samples images with a class-conditional diffusion transformer (DiT), many steps at once.",
    example: 'deno task dit --class_labels "cat face,heart" --timesteps 50',
  },
  flow: {
    name: "parallel_flow",
    about:
      "Samples images of classes or of a prompt with a flow-matching transformer, many steps at once.",
    example: 'deno task flow --class_labels "cat face,heart" --timesteps 50',
  },
  sd: {
    name: "parallel_sd",
    about:
      "Samples images of a prompt with Stable Diffusion 1, 2, XL or 3 or FLUX, many steps at once.",
    example: 'deno task sd --prompt "a cute dog" --num_samples 4',
  },
  "sd-winit": {
    name: "parallel_sd_winit",
    about:
      "Samples a prompt with Stable Diffusion, starting from the trajectory of another prompt, " +
      "from a file or from an image (warm start).",
    example:
      'deno task sd-winit --prompt1 "a cute dog" --prompt2 "a cute cat" --variation_steps 30',
  },
};

/**
 * Runs a sampling script. `--help`, `--list_devices` and similar flags print and exit. Pipelines
 * are loaded after the command line is parsed.
 *
 * @param options.more additional flags, which the caller reads
 * @returns `undefined` if nothing was sampled
 */
export async function runSampling(
  task: Task,
  argv: readonly string[],
  { signal, more = {} }: { signal: AbortSignal; more?: FlagTable },
): Promise<RunResult | undefined> {
  const flags = { ...TASKS[task].flags, ...more };
  if (printHelpOrVersion({ summary: SUMMARIES[task], flags }, argv)) return undefined;
  const line = readLine(task, flags, argv);
  const { runLine } = await import("../run_line.ts");
  return await runLine(line, signal);
}

/** Sampling command of a task. */
export function samplingCommand(task: Task): Command {
  return {
    flags: TASKS[task].flags,
    run: withFlagNames((args, signal) => runSampling(task, args, { signal })),
  };
}
