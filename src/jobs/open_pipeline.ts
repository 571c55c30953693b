/** Opens the library and the model that a sampling script's flags name. @module */
import { resolve } from "node:path";
import type { LatentPipeline } from "../pipelines/latent_pipeline.ts";
import { Environment } from "../runtime/environment.ts";
import { type DeviceExecution, poolOptions } from "./devices.ts";
import type { FlagTable, FlagValues } from "../arguments/flag.ts";
import { projectPath } from "../storage/project_path.ts";
import type { SamplingScript, SamplingTable } from "./sampling_script.ts";
import type { SamplingValues } from "./solve.ts";

/** Opens ONNX Runtime from `--ort_lib`; its own warnings go to standard error with `--verbose`. */
export function openEnvironment(
  { ort_lib: path, verbose }: { ort_lib?: string; verbose: boolean },
): Environment {
  return Environment.open({
    libraryPath: path && resolve(path),
    logSeverityLevel: verbose ? "warning" : undefined,
  });
}

/** Folder of `--model_path`. The embedded model lies in the project wherever a script is started from. */
export function modelFolder(path: string, embedded: string): string {
  return path === embedded ? projectPath(path) : path;
}

/** Opens the pipeline of `--model_path`; `onNote` hears what becomes of its devices. */
export function openPipeline<T extends FlagTable & SamplingTable, P extends LatentPipeline<never>>(
  script: SamplingScript<T, P>,
  env: Environment,
  values: FlagValues<T>,
  execution: DeviceExecution,
  onNote: (line: string) => void = () => {},
): Promise<P> {
  const shared = values as SamplingValues;
  const { model_path: path } = shared;
  return script.open(env, modelFolder(path, script.flags.model_path.default), values, {
    vaePath: shared.vae_path,
    fp16: shared.fp16,
    session: execution.session,
    pool: poolOptions(shared, execution, onNote),
  });
}
