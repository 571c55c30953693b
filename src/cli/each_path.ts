/** Runs a command on several paths. @module */
import { ParataaError, UsageError } from "../errors.ts";
import { asFlag } from "../arguments/setting_names.ts";
import { describeError } from "./main.ts";
import { printStatus } from "./print.ts";

/**
 * Runs `work` on every path. A failure does not skip the remaining paths: every error is printed,
 * and the first one is thrown at the end.
 *
 * @param needs error message and hint if no path is given
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
  for (const error of failures.slice(1)) printStatus(describeError(error).line);
  if (failures.length > 0) throw failures[0];
}
