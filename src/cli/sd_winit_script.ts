/** What `parallel_sd_winit` adds to the shared run: a second prompt that starts from the trajectory of a first sample. @module */
import { UsageError } from "../errors.ts";
import { StableDiffusionPipeline } from "../pipelines/stable_diffusion_pipeline.ts";
import { compareWithScratch } from "./compare_scratch.ts";
import type { Job, Jobs } from "./job.ts";
import { jobNoise } from "./job_noise.ts";
import { trajectoryIdentity } from "./run_sample.ts";
import type { SamplingScript, Setting } from "./sampling_script.ts";
import { sdWinitFlags } from "./script_flags.ts";
import { embedPrompts } from "./text_prompts.ts";
import {
  findSource,
  type InitialTrajectory,
  trajectoryFromFile,
  trajectoryFromSample,
} from "./warm_start.ts";

const flags = sdWinitFlags();
type WinitSetting = Setting<typeof flags, StableDiffusionPipeline>;

/** Text to image from the trajectory of an earlier sample. */
export const sdWinitScript: SamplingScript<typeof flags, StableDiffusionPipeline> = {
  summary: {
    name: "parallel_sd_winit",
    about:
      "Samples a prompt with Stable Diffusion from the trajectory of another prompt, a file or a picture.",
    example:
      'deno task sd-winit --prompt1 "a cute dog" --prompt2 "a cute cat" --variation_steps 30',
  },
  prefix: "SD-winit",
  flags,
  open: (env, path, { height, width }, options) =>
    StableDiffusionPipeline.open(env, path, { ...options, height, width }),
  async jobs(setting) {
    const { values } = setting;
    if (values.variation_steps > values.timesteps) {
      throw new UsageError(
        `--variation_steps is ${values.variation_steps} but takes a whole number, 1-${values.timesteps} (--timesteps)`,
      );
    }
    const start = await readStart(setting);
    const prompts = start.trajectory ? [values.prompt2] : [values.prompt1, values.prompt2];
    const makeJob = await jobMaker(setting, prompts, start);
    return { count: prompts.length, jobs: makeJobs() };

    async function* makeJobs(): Jobs {
      const trajectory = start.trajectory ?? (yield makeJob(0)).result.trajectory;
      const job = {
        ...makeJob(prompts.length - 1),
        start: { trajectory, variationSteps: values.variation_steps },
      };
      const outcome = yield job;
      if (values.compare_scratch) await compareWithScratch(job, outcome, setting);
    }
  },
};

/** The run's noise, and the trajectory to start from where a file gives one. */
interface Start extends Partial<InitialTrajectory> {
  noise: Float64Array;
  seed?: number;
}

async function readStart(
  { pipeline, values, given, schedule, manifest, signal }: WinitSetting,
): Promise<Start> {
  const source = findSource(values, given);
  const identity = trajectoryIdentity({ schedule, manifest, values });
  const options = { pipeline, schedule, identity, force: values.force_warm, signal };
  if (source?.flag === "init_trajectory") return await trajectoryFromFile(source.file, options);
  const shape = [schedule.numSteps + 1, ...pipeline.latentShape];
  const { noises } = await jobNoise({ ...values, num_samples: 1 }, { samples: 1, shape });
  const [{ noise, seed }] = noises;
  if (!source) return { noise, seed };
  return {
    noise,
    seed,
    ...await trajectoryFromSample({ ...source, flag: source.flag }, noise, options),
  };
}

/** Embeds the prompts; the jobs of a run share its noise, as in the official script. */
async function jobMaker(
  { pipeline, values, schedule, progress, signal }: WinitSetting,
  prompts: readonly string[],
  { noise, seed }: Start,
): Promise<(index: number) => Job> {
  const { negative_prompt: negativePrompt, cfg_scale: guidanceScale, batch_size: batchSize } =
    values;
  const conditions = await embedPrompts(prompts, negativePrompt, {
    pipeline,
    note: progress.note,
    signal,
  });
  return (index) => ({
    index,
    label: prompts[index],
    negativePrompt,
    condition: { prompt: prompts[index], negative_prompt: negativePrompt },
    denoiser: pipeline.createDenoiser(conditions[index], { schedule, guidanceScale, batchSize }),
    noise,
    seed,
  });
}
