/** Jobs and denoisers of text prompts. @module */
import { FormatError } from "../../errors.ts";
import type { GuidedDenoiser } from "../../models/guided_denoiser.ts";
import type { StableDiffusionPipeline } from "../../pipelines/stable_diffusion_pipeline.ts";
import type { Job } from "../samples/job.ts";
import type { TaskContext } from "./task.ts";
import { PromptEmbedder } from "./text_prompts.ts";

/** Fields that differ from job to job. */
export type TextJob = Pick<Job, "index" | "noise" | "seed" | "start"> & { prompt: string };

/** An arbitrary prompt, to time a denoiser with. */
export const ANY_PROMPT: Job["condition"] = { prompt: "", negative_prompt: "" };

/** Creates jobs from prompts. A prompt is embedded when its first job is created. */
export async function textJobMaker(
  pipeline: StableDiffusionPipeline,
  negativePrompt: string,
  context: TaskContext,
): Promise<(job: TextJob) => Promise<Job>> {
  const prompts = await PromptEmbedder.create(negativePrompt, { pipeline, ...context });
  return async ({ prompt, ...job }) => ({
    ...job,
    label: prompt,
    negativePrompt,
    condition: { prompt, negative_prompt: negativePrompt },
    denoiser: pipeline.createDenoiser(await prompts.condition(prompt), context),
  });
}

/**
 * Denoiser of a recorded condition.
 *
 * @throws {FormatError} when it contains no prompts
 */
export async function textDenoiser(
  pipeline: StableDiffusionPipeline,
  { prompt, negative_prompt: negativePrompt }: Job["condition"],
  context: TaskContext,
): Promise<GuidedDenoiser> {
  if (typeof prompt !== "string" || typeof negativePrompt !== "string") {
    throw new FormatError("a sample's condition lacks prompt or negative_prompt");
  }
  const prompts = await PromptEmbedder.create(negativePrompt, { pipeline, ...context });
  return pipeline.createDenoiser(await prompts.condition(prompt), context);
}
