/** Opens the model that a sampling script's flags name. @module */
import type { LatentPipeline, PipelineOptions } from "../pipelines/latent_pipeline.ts";
import type { Environment } from "../runtime/environment.ts";
import type { FlagTable, FlagValues } from "./flag.ts";
import { projectPath } from "./project_path.ts";
import { providerOf } from "./run_manifest.ts";
import type { SamplingScript, SamplingTable } from "./sampling_script.ts";
import type { SamplingValues } from "./solve.ts";

/** Opens the pipeline of `--model_path`. The embedded model lies in the project wherever a script is started from. */
export function openPipeline<T extends FlagTable & SamplingTable, P extends LatentPipeline<never>>(
  script: SamplingScript<T, P>,
  env: Environment,
  values: FlagValues<T>,
): Promise<P> {
  const shared = values as SamplingValues;
  const { model_path: path } = shared;
  const folder = path === script.flags.model_path.default ? projectPath(path) : path;
  return script.open(env, folder, values, pipelineOptions(shared));
}

function pipelineOptions(values: SamplingValues): PipelineOptions {
  return {
    vaePath: values.vae_path,
    fp16: values.fp16,
    session: {
      provider: providerOf(values),
      intraOpNumThreads: values.threads,
    },
  };
}
