/** Jobs of the Stable Diffusion scripts. @module */
import { FormatError } from "../errors.ts";
import type { GuidedDenoiser } from "../models/guided_denoiser.ts";
import type { StableDiffusionPipeline } from "../pipelines/stable_diffusion_pipeline.ts";
import type { Schedule } from "../sampling/schedule.ts";
import type { Job } from "./job.ts";
import { PromptEmbedder } from "./text_prompts.ts";

/** What all jobs of a run share. */
export interface TextJobOptions {
  pipeline: StableDiffusionPipeline;
  schedule: Schedule;
  values: { negative_prompt: string; cfg_scale: number; batch_size: number | undefined };
  progress: { note(line: string): void };
  signal: AbortSignal;
}

/** What differs from job to job. */
export type TextJob = Pick<Job, "index" | "noise" | "seed" | "start"> & { prompt: string };

/** Makes jobs from prompts; each prompt is embedded when its first job is made. */
export async function textJobMaker(
  { pipeline, schedule, values, progress, signal }: TextJobOptions,
): Promise<(job: TextJob) => Promise<Job>> {
  const { negative_prompt: negativePrompt, cfg_scale: guidanceScale, batch_size: batchSize } =
    values;
  const prompts = await PromptEmbedder.create(negativePrompt, {
    pipeline,
    note: progress.note,
    signal,
  });
  return async ({ prompt, ...job }) => ({
    ...job,
    label: prompt,
    negativePrompt,
    condition: { prompt, negative_prompt: negativePrompt },
    denoiser: pipeline.createDenoiser(await prompts.condition(prompt), {
      schedule,
      guidanceScale,
      batchSize,
    }),
  });
}

/** The denoiser of a condition as a manifest records it. @throws {FormatError} when it holds no prompts */
export async function textDenoiser(
  { prompt, negative_prompt }: Job["condition"],
  { values, ...options }: TextJobOptions,
): Promise<GuidedDenoiser> {
  if (typeof prompt !== "string" || typeof negative_prompt !== "string") {
    throw new FormatError("a sample's condition lacks prompt or negative_prompt");
  }
  const makeJob = await textJobMaker({ ...options, values: { ...values, negative_prompt } });
  return (await makeJob({ index: 0, prompt, noise: new Float64Array(0) })).denoiser;
}
