/** Creates the task of a run on a pipeline. @module */
import type { ResolvedSettings } from "../../arguments/settings.ts";
import { UsageError } from "../../errors.ts";
import { DitPipeline } from "../../pipelines/dit_pipeline.ts";
import type { LatentPipeline } from "../../pipelines/latent_pipeline.ts";
import { FlowPipeline } from "../../pipelines/flow_pipeline.ts";
import { StableDiffusionPipeline } from "../../pipelines/stable_diffusion_pipeline.ts";
import { DitTask } from "./dit_task.ts";
import { expectFlowSettings, textSettings } from "./flow_kind.ts";
import { FlowTask } from "./flow_task.ts";
import { SdTask } from "./sd_task.ts";
import { SdWinitTask } from "./sd_winit_task.ts";
import type { OpenTask } from "./task.ts";

/**
 * Task of the given settings.
 *
 * @throws {UsageError} when the pipeline is of another kind of model
 */
export function taskOn(pipeline: LatentPipeline, settings: ResolvedSettings): OpenTask {
  if (pipeline instanceof DitPipeline && settings.task === "dit") {
    return new DitTask(pipeline, settings);
  }
  if (pipeline instanceof FlowPipeline && settings.task === "flow") {
    expectFlowSettings(settings, "classes");
    return new FlowTask(pipeline, settings);
  }
  if (pipeline instanceof StableDiffusionPipeline) {
    if (settings.task === "sd") return new SdTask(pipeline, settings);
    if (settings.task === "flow") return new SdTask(pipeline, textSettings(settings));
    if (settings.task === "sd-winit") return new SdWinitTask(pipeline, settings);
  }
  throw new UsageError(
    (name) => `${name("task")} is ${settings.task}, which ${pipeline.folder.path} does not support`,
  );
}
