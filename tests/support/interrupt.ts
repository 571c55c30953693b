/** Interrupts a run inside the test's process at a given point. @module */
import { Interrupted } from "../../src/cli/main.ts";

/**
 * Calls `run` with the signal of a SIGINT, which is raised once `records` rounds are in the logs.
 * Returns whether it was raised.
 */
export async function interruptAfter(
  records: number,
  run: (signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> {
  const controller = new AbortController();
  const { syncData } = Deno.FsFile.prototype;
  let seen = 0;
  Deno.FsFile.prototype.syncData = async function () {
    await syncData.call(this);
    if (++seen === records) controller.abort(new Interrupted(130));
  };
  try {
    await run(controller.signal);
    return false;
  } catch (error) {
    if (error instanceof Interrupted) return true;
    throw error;
  } finally {
    Deno.FsFile.prototype.syncData = syncData;
  }
}
