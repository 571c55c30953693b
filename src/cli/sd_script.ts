/** What `parallel_sd` adds to the shared run: prompts. @module */
import { StableDiffusionPipeline } from "../pipelines/stable_diffusion_pipeline.ts";
import type { Jobs } from "./job.ts";
import { jobNoise } from "./job_noise.ts";
import type { SamplingScript } from "./sampling_script.ts";
import { sdFlags } from "./script_flags.ts";
import { embedPrompts, readPrompts } from "./text_prompts.ts";

const flags = sdFlags();

/** Text to image with Stable Diffusion. */
export const sdScript: SamplingScript<typeof flags, StableDiffusionPipeline> = {
  summary: {
    name: "parallel_sd",
    about: "Text to image with Stable Diffusion, all steps of the chain at once.",
    example: 'deno task sd --prompt "a cute dog" --num_samples 4',
  },
  prefix: "SD",
  flags,
  open: (env, path, { height, width }, options) =>
    StableDiffusionPipeline.open(env, path, { ...options, height, width }),
  async jobs({ pipeline, values, given, schedule, progress, signal }) {
    const fromFile = values.prompts_file !== undefined;
    const prompts = fromFile
      ? await readPrompts("prompts_file", values.prompts_file!)
      : [values.prompt];
    const perPrompt = fromFile && !given.has("num_samples") ? 1 : values.num_samples;
    const { count, noises } = await jobNoise(values, {
      samples: fromFile || given.has("num_samples") ? prompts.length * perPrompt : undefined,
      shape: [schedule.numSteps + 1, ...pipeline.latentShape],
    });
    values.num_samples = count / prompts.length; // what the manifest records
    const { negative_prompt: negativePrompt, cfg_scale: guidanceScale, batch_size: batchSize } =
      values;
    const conditions = await embedPrompts(prompts, negativePrompt, {
      pipeline,
      note: progress.note,
      signal,
    });
    return { count, jobs: makeJobs() };

    async function* makeJobs(): Jobs {
      let index = 0;
      for (const { noise, seed } of noises) {
        const which = Math.floor(index * prompts.length / count);
        yield {
          index: index++,
          label: prompts[which],
          negativePrompt,
          condition: { prompt: prompts[which], negative_prompt: negativePrompt },
          denoiser: pipeline.createDenoiser(conditions[which], {
            schedule,
            guidanceScale,
            batchSize,
          }),
          noise,
          seed,
        };
      }
    }
  },
};
