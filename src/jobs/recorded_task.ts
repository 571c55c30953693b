/** Determines the task of a recorded run. @module */
import type { Task } from "../arguments/settings.ts";
import { taskOf } from "../arguments/tasks.ts";
import { FormatError } from "../errors.ts";
import type { Manifest } from "../runs/manifest.ts";
import { shownValue } from "../text.ts";

/**
 * Task of the script that a manifest records.
 *
 * @throws {FormatError} when the script is unknown
 */
export function recordedTask(path: string, { script }: Manifest): Task {
  const task = taskOf(script);
  if (task) return task;
  throw new FormatError(`${path}: its script is ${shownValue(script)}, wanted a script of parataa`);
}
