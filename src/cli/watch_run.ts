/** Prints the progress of a run, and how to resume a stopped one. @module */
import { asFlag } from "../arguments/setting_names.ts";
import type { WatchOptions } from "../jobs/progress.ts";
import { Interrupted } from "./main.ts";
import type { Progress } from "./progress.ts";

/** Options of watching a run. */
export interface WatchRunOptions {
  signal: AbortSignal;
  progress: Progress;
  /** Add a note if sequential sampling would be faster. */
  advise?: boolean;
  /** Hash of the model recorded in the image of `--args_from`. */
  recordedModel?: string;
}

/**
 * Starts a run and prints its progress.
 *
 * @throws {Interrupted} with the command line that resumes the run
 */
export async function watchRun<T>(
  { signal, progress, recordedModel, advise }: WatchRunOptions,
  run: (options: WatchOptions) => Promise<T>,
): Promise<T> {
  let line: string | undefined;
  try {
    return await run({
      ...{ signal, spelling: asFlag, advise },
      onProgress(event) {
        progress.show(event);
        if (event.event !== "start") return;
        line = `deno task ${event.task} --resume ${event.path}`;
        const { modelSha256: model } = event;
        if (recordedModel !== undefined && recordedModel !== model) {
          progress.show({ event: "note", line: otherModel(recordedModel, model) });
        }
      },
    });
  } catch (error) {
    if (error instanceof Interrupted && line !== undefined) {
      error.hint = `${line} resumes it`;
    }
    throw error;
  }
}

function otherModel(recorded: string, here: string): string {
  return `the image of --args_from was made with another model (${
    recorded.slice(0, 12)
  }…, this is ${here.slice(0, 12)}…)`;
}
