/** The sampling scripts by the name of their task, their types settled so that all lie in one table. @module */
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import { type BatchTime, measureBatchTimes } from "./planning/batch_times.ts";
import { checkInputs } from "./check_inputs.ts";
import { chooseExecution } from "./devices.ts";
import { ditScript } from "./dit_script.ts";
import type { FlagTable } from "../arguments/flag.ts";
import { openEnvironment, openPipeline } from "./open_pipeline.ts";
import { createProgress, type Progress } from "../cli/progress.ts";
import { describeMaker, type Maker } from "./run_manifest.ts";
import {
  checkedArguments,
  runSampling,
  type RunSummary,
  type SamplingScript,
  type SamplingTable,
} from "./sampling_script.ts";
import { sdScript } from "./sd_script.ts";
import { sdWinitScript } from "./sd_winit_script.ts";
import type { SamplingValues } from "./solve.ts";

/** Timing calls for an estimate takes no longer. */
const MOST_SECONDS = 5;

/** A sampling script of which no types need be known. */
export interface AnySamplingScript {
  /** As a manifest calls it: `parallel_dit`. */
  name: string;
  flags: FlagTable;
  /** @param progress in the place of what `--quiet` and `--json` ask for */
  run(
    args: readonly string[],
    signal: AbortSignal,
    progress?: Progress,
  ): Promise<RunSummary | undefined>;
  /** Checks arguments as a run does before it opens a model. @throws {UsageError} */
  check(args: readonly string[]): Promise<void>;
  /** Checks what the arguments name, as far as that goes without opening a network. @throws {ParataaError} */
  checkInputs(args: readonly string[]): Promise<void>;
  /** What would make a run with these arguments, opening no model. */
  maker(args: readonly string[]): Promise<Maker>;
  /** Times the denoiser's calls with these arguments. */
  time(args: readonly string[], signal: AbortSignal): Promise<BatchTime[]>;
}

/** By the task's name. */
export const SAMPLING_SCRIPTS: Readonly<Record<string, AnySamplingScript>> = {
  dit: settled(ditScript),
  sd: settled(sdScript),
  "sd-winit": settled(sdWinitScript),
};

function settled<T extends FlagTable & SamplingTable, P extends LatentPipeline<never>>(
  script: SamplingScript<T, P>,
): AnySamplingScript {
  const { summary: { name }, flags } = script;
  return {
    ...{ name, flags },
    run: (args, signal, progress) => runSampling(script, args, signal, progress),
    async check(args) {
      await checkedArguments(script, args);
    },
    checkInputs: (args) => checkInputs(script, args),
    async maker(args) {
      const values = (await checkedArguments(script, args)).values as SamplingValues;
      using env = openEnvironment(values);
      return await describeMaker(chooseExecution(env, values), env);
    },
    time: (args, signal) => timeScript(script, args, signal),
  };
}

async function timeScript<T extends FlagTable & SamplingTable, P extends LatentPipeline<never>>(
  script: SamplingScript<T, P>,
  args: readonly string[],
  signal: AbortSignal,
): Promise<BatchTime[]> {
  const { values } = await checkedArguments(script, args);
  const shared = values as SamplingValues;
  const { timesteps: numInferenceSteps, eta } = shared;
  using env = openEnvironment(shared);
  const execution = chooseExecution(env, shared);
  await using pipeline = await openPipeline(script, env, values, execution);
  const schedule = pipeline.createSchedule({ numInferenceSteps, eta });
  const progress = createProgress({ quiet: true, json: false });
  const setting = { pipeline, values, schedule, progress, signal };
  const denoiser = await script.denoiser(script.anyCondition, setting);
  return await measureBatchTimes(denoiser, {
    numSteps: schedule.numSteps,
    signal,
    budgetSeconds: MOST_SECONDS,
  });
}
