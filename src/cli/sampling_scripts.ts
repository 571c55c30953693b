/** The sampling scripts by the name of their task, their types settled so that all lie in one table. @module */
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import { ditScript } from "./dit_script.ts";
import type { FlagTable } from "./flag.ts";
import {
  runSampling,
  type RunSummary,
  type SamplingScript,
  type SamplingTable,
} from "./sampling_script.ts";
import { sdScript } from "./sd_script.ts";
import { sdWinitScript } from "./sd_winit_script.ts";

/** A sampling script of which no types need be known. */
export interface AnySamplingScript {
  /** As a manifest calls it: `parallel_dit`. */
  name: string;
  flags: FlagTable;
  run(args: readonly string[], signal: AbortSignal): Promise<RunSummary | undefined>;
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
  return { name, flags, run: (args, signal) => runSampling(script, args, signal) };
}
