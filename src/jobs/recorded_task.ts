/** The task of a run that was recorded. @module */
import { show } from "../arguments/parse_flags.ts";
import type { Task } from "../arguments/settings.ts";
import { taskOf } from "../arguments/tasks.ts";
import { FormatError } from "../errors.ts";
import type { Manifest } from "../runs/manifest.ts";

/** @throws {FormatError} when no task of ours made the run */
export function recordedTask(path: string, { script }: Manifest): Task {
  const task = taskOf(script);
  if (task) return task;
  throw new FormatError(`${path}: its script is ${show(script)}, wanted a script of parataa`);
}
