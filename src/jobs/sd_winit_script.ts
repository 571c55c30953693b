/** What `parallel_sd_winit` adds to the shared run: a second prompt that starts from the trajectory of a first sample. @module */
import { UsageError } from "../errors.ts";
import { readSchedulerFile } from "../models/scheduler_file.ts";
import {
  openStableDiffusionFolder,
  StableDiffusionPipeline,
} from "../pipelines/stable_diffusion_pipeline.ts";
import type { SampleNoise } from "../pipelines/noise_source.ts";
import { compareWithScratch } from "./compare_scratch.ts";
import type { Jobs } from "./job.ts";
import { jobNoise } from "./job_noise.ts";
import { trajectoryIdentity } from "./run_sample.ts";
import type { SamplingScript, Setting } from "./sampling_script.ts";
import { SEED_LIST_EXCLUDES, settledSeeds } from "../arguments/seed_list.ts";
import { sdWinitFlags } from "../arguments/sd_flags.ts";
import { textDenoiser, textJobMaker } from "./text_job.ts";
import {
  findSource,
  type InitialTrajectory,
  refuseUseless,
  type Source,
  SOURCES,
  trajectoryFromFile,
  trajectoryMaker,
  uselessFlags,
} from "./warm_start.ts";

const flags = sdWinitFlags();

/** Text to image from the trajectory of an earlier sample. */
export const sdWinitScript: SamplingScript<typeof flags, StableDiffusionPipeline> = {
  summary: {
    name: "parallel_sd_winit",
    about:
      "Samples a prompt with Stable Diffusion from the trajectory of another prompt, a file or an image.",
    example:
      'deno task sd-winit --prompt1 "a cute dog" --prompt2 "a cute cat" --variation_steps 30',
  },
  command: "sd-winit",
  prefix: "SD-winit",
  flags,
  async checkInputs(path, { values: { vae_path: vaePath, fp16 } }) {
    const folder = await openStableDiffusionFolder(path, { vaePath, fp16 });
    await readSchedulerFile(folder, "stable-diffusion");
  },
  open: (env, path, { height, width }, options) =>
    StableDiffusionPipeline.open(env, path, { ...options, height, width }),
  exclusive: [SOURCES, ...SEED_LIST_EXCLUDES],
  check(values, given) {
    if (values.variation_steps > values.timesteps) {
      throw new UsageError(
        `--variation_steps is ${values.variation_steps} but takes a whole number, 1-${values.timesteps} (--timesteps)`,
      );
    }
    refuseUseless(findSource(values), given);
  },
  async jobs(setting) {
    const { values } = setting;
    const source = findSource(values);
    const { count: starts, starts: found } = await readStarts(source, setting);
    const prompts = source ? 1 : 2;
    const makeJob = await textJobMaker(setting);
    const useless = Object.fromEntries(uselessFlags(source).map((name) => [name, null]));
    const settled = { ...settledSeeds(values.seeds), ...useless };
    return { count: prompts * starts, jobs: makeJobs(), settled };

    async function* makeJobs(): Jobs {
      let index = 0;
      for (const { noise, seed, trajectory: known } of found) {
        const first = () => makeJob({ index: index++, prompt: values.prompt1, noise, seed });
        const trajectory = known ?? (yield await first()).result.trajectory;
        const start = { trajectory, variationSteps: values.variation_steps };
        const job = await makeJob({ index: index++, prompt: values.prompt2, noise, seed, start });
        const outcome = yield job;
        if (values.compare_scratch) await compareWithScratch(job, outcome, setting);
      }
    }
  },
  anyCondition: { prompt: "", negative_prompt: "" },
  denoiser: textDenoiser,
  recordedStart(values, { index }) {
    const { variation_steps: variationSteps } = values;
    if (findSource(values)) return { from: index, variationSteps };
    return index % 2 === 0 ? undefined : { from: index - 1, variationSteps };
  },
};

/** A noise, and the trajectory to start from where a file gives one. */
interface Start extends Partial<InitialTrajectory> {
  noise: Float64Array;
  seed?: number;
}

async function readStarts(
  source: Source | undefined,
  setting: Setting<typeof flags, StableDiffusionPipeline>,
): Promise<{ count: number; starts: Iterable<Start> }> {
  const { pipeline, values, given, schedule, manifest, signal } = setting;
  const identity = trajectoryIdentity({ pipeline, schedule, manifest, values });
  const options = { pipeline, schedule, identity, force: values.force_warm, signal };
  if (source?.flag === "init_trajectory") {
    return { count: 1, starts: [await trajectoryFromFile(source.file, options)] };
  }
  const { count, noises } = await jobNoise({ ...values, num_samples: 1 }, {
    samples: given.has("num_samples") ? values.num_samples : undefined,
    shape: [schedule.numSteps + 1, ...pipeline.latentShape],
  });
  if (!source) return { count, starts: noises };
  const fromNoise = await trajectoryMaker(source.flag, source.file, options);
  return { count, starts: warmStarts(noises, fromNoise) };
}

function* warmStarts(
  noises: Iterable<SampleNoise>,
  fromNoise: (noise: Float64Array) => InitialTrajectory,
): Iterable<Start> {
  for (const { noise, seed } of noises) yield { noise, seed, ...fromNoise(noise) };
}
