/** What `parallel_sd` adds to the shared run: prompts. @module */
import { UsageError } from "../errors.ts";
import { readSchedulerFile } from "../models/scheduler_file.ts";
import {
  openStableDiffusionFolder,
  StableDiffusionPipeline,
} from "../pipelines/stable_diffusion_pipeline.ts";
import type { Jobs } from "./job.ts";
import { jobNoise } from "./job_noise.ts";
import { readSeedList, SEED_LIST_EXCLUDES, settledSeeds } from "../arguments/seed_list.ts";
import type { SamplingScript } from "./sampling_script.ts";
import { sdFlags } from "../arguments/sd_flags.ts";
import { textDenoiser, textJobMaker } from "./text_job.ts";
import { readPrompts } from "./text_prompts.ts";

const flags = sdFlags();

/** Text to image with Stable Diffusion. */
export const sdScript: SamplingScript<typeof flags, StableDiffusionPipeline> = {
  summary: {
    name: "parallel_sd",
    about: "Text to image with Stable Diffusion, all steps of the chain at once.",
    example: 'deno task sd --prompt "a cute dog" --num_samples 4',
  },
  command: "sd",
  prefix: "SD",
  flags,
  async checkInputs(path, { values: { vae_path: vaePath, fp16, prompts_file: file } }) {
    const folder = await openStableDiffusionFolder(path, { vaePath, fp16 });
    await readSchedulerFile(folder, "stable-diffusion");
    if (file !== undefined) await readPrompts("prompts_file", file);
  },
  open: (env, path, { height, width }, options) =>
    StableDiffusionPipeline.open(env, path, { ...options, height, width }),
  exclusive: [["prompt", "prompts_file"], ...SEED_LIST_EXCLUDES],
  async jobs(setting) {
    const { pipeline, values, given, schedule } = setting;
    const { prompts_file: file } = values;
    const seeds = readSeedList(values.seeds);
    const wanted = seeds?.length ?? values.num_samples;
    const isGiven = seeds !== undefined || given.has("num_samples");
    const prompts = file === undefined ? [values.prompt] : await readPrompts("prompts_file", file);
    const perPrompt = file !== undefined && !isGiven ? 1 : wanted;
    expectCount(prompts.length * perPrompt);
    const { count, noises } = await jobNoise(values, {
      samples: file !== undefined || isGiven ? prompts.length * perPrompt : undefined,
      shape: [schedule.numSteps + 1, ...pipeline.latentShape],
    });
    const makeJob = await textJobMaker(setting);
    const prompt = file === undefined ? values.prompt : null;
    const num_samples = count / prompts.length;
    const settled = { num_samples, prompt, ...settledSeeds(values.seeds) };
    return { count, jobs: makeJobs(), settled };

    async function* makeJobs(): Jobs {
      let index = 0;
      for (const { noise, seed } of noises) {
        const prompt = prompts[Math.floor(index * prompts.length / count)];
        yield await makeJob({ index: index++, prompt, noise, seed });
      }
    }
  },
  anyCondition: { prompt: "", negative_prompt: "" },
  denoiser: textDenoiser,
};

function expectCount(samples: number): void {
  const most = flags.num_samples.max;
  if (samples <= most) return;
  throw new UsageError(
    `--prompts_file and --num_samples make ${samples} samples, wanted at most ${most}`,
  );
}
