/** Commands that take several paths. @module */
import { ParataaError, UsageError } from "../errors.ts";
import { asFlag } from "../arguments/setting_names.ts";
import { describeError } from "./main.ts";
import { tell } from "./print.ts";

/**
 * Runs `work` on every path of a line. One that fails does not keep the others from theirs: its error is printed, and the first of them ends
 * the command.
 *
 * @param needs what to say, and an example, where the line names no path
 * @throws {UsageError} without a path
 */
export async function forEachPath(
  paths: readonly string[],
  needs: { message: string; hint: string },
  work: (path: string) => Promise<void>,
): Promise<void> {
  if (paths.length === 0) throw new UsageError(needs.message, { hint: needs.hint });
  const failures: ParataaError[] = [];
  for (const path of paths) {
    try {
      await work(path);
    } catch (error) {
      if (!(error instanceof ParataaError) || paths.length === 1) throw error;
      error.respell(asFlag);
      if (!error.message.includes(path)) error.message = `${path}: ${error.message}`;
      failures.push(error);
    }
  }
  for (const error of failures.slice(1)) tell(describeError(error).line);
  if (failures.length > 0) throw failures[0];
}
