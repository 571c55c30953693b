/** Opens the ONNX Runtime library and the model of a run. @module */
import { resolve } from "node:path";
import { readScheduler } from "../../arguments/chain_settings.ts";
import { connectionOptions } from "../../arguments/flags/remote_devices.ts";
import type { ResolvedSettings, Task } from "../../arguments/settings.ts";
import { TASKS } from "../../arguments/tasks.ts";
import { DitPipeline } from "../../pipelines/dit_pipeline.ts";
import { FlowPipeline } from "../../pipelines/flow_pipeline.ts";
import type { LatentPipeline } from "../../pipelines/latent_pipeline.ts";
import { StableDiffusionPipeline } from "../../pipelines/stable_diffusion_pipeline.ts";
import type { RemoteOptions } from "../../devices/remote/remote_device.ts";
import { Environment } from "../../runtime/environment.ts";
import { projectPath } from "../../storage/project_path.ts";
import { flowKind } from "../tasks/flow_kind.ts";
import { chooseExecution, type DeviceExecution, poolOptions } from "./choose_execution.ts";
import type { Execution } from "./choose_provider.ts";

/** An open model with its environment; disposing of it closes both. */
export interface OpenModel extends AsyncDisposable {
  pipeline: LatentPipeline;
  env: Environment;
  execution: Execution;
}

/** Opens ONNX Runtime; with `verbose` it prints its warnings to standard error. */
export function openEnvironment(
  { libraryPath, verbose }: { libraryPath?: string; verbose: boolean },
): Environment {
  return Environment.open({
    libraryPath: libraryPath && resolve(libraryPath),
    logSeverityLevel: verbose ? "warning" : undefined,
  });
}

/** Opens the library and the model; `onNote` receives notes on the devices. */
export async function openModel(
  settings: ResolvedSettings,
  onNote: (line: string) => void = () => {},
): Promise<OpenModel> {
  const remote = await connectionOptions(settings);
  await using stack = new AsyncDisposableStack();
  const env = stack.use(openEnvironment(settings));
  const execution = await chooseExecution(env, settings);
  const pipeline = stack.use(await openPipeline(env, settings, { execution, remote, onNote }));
  const opened = stack.move();
  return { pipeline, env, execution, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Wraps a pipeline that the caller opened and closes. */
export function borrowModel(pipeline: LatentPipeline): OpenModel {
  const { environment: env, options: { session = {} } } = pipeline.origin;
  const execution = { provider: session.provider ?? "cpu", session, notes: [], details: [] };
  return { pipeline, env, execution, async [Symbol.asyncDispose]() {} };
}

interface PipelineSetting {
  execution: DeviceExecution;
  remote: RemoteOptions;
  onNote: (line: string) => void;
}

/** Model folder of a task. The default model is found in the project from any working directory. */
export function modelFolder(task: Task, path: string): string {
  return path === TASKS[task].modelPath ? projectPath(path) : path;
}

async function openPipeline(
  env: Environment,
  settings: ResolvedSettings,
  { execution, remote, onNote }: PipelineSetting,
): Promise<LatentPipeline> {
  const { task, modelPath, vaePath, fp16 } = settings;
  const folder = modelFolder(task, modelPath);
  const options = {
    ...{ vaePath, fp16, session: execution.session, scheduler: readScheduler(settings) },
    pool: poolOptions(settings, { ...execution, remote, onNote }),
  };
  if (settings.task === "dit") return await DitPipeline.open(env, folder, options);
  if (settings.task === "flow" && await flowKind(folder, settings) === "classes") {
    return await FlowPipeline.open(env, folder, options);
  }
  const { height, width } = settings;
  return await StableDiffusionPipeline.open(env, folder, { ...options, height, width });
}
