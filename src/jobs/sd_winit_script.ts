/** What `parallel_sd_winit` adds to the shared run: a second prompt that starts from the trajectory of a first sample. @module */
import { UsageError } from "../errors.ts";
import { StableDiffusionPipeline } from "../pipelines/stable_diffusion_pipeline.ts";
import { compareWithScratch } from "./compare_scratch.ts";
import type { Jobs } from "./job.ts";
import { jobNoise } from "./job_noise.ts";
import { trajectoryIdentity } from "./run_sample.ts";
import type { SamplingScript, Setting } from "./sampling_script.ts";
import { sdWinitFlags } from "../arguments/sd_flags.ts";
import { textDenoiser, textJobMaker } from "./text_job.ts";
import {
  findSource,
  type InitialTrajectory,
  refuseUseless,
  type Source,
  SOURCES,
  trajectoryFromFile,
  trajectoryFromSample,
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
  open: (env, path, { height, width }, options) =>
    StableDiffusionPipeline.open(env, path, { ...options, height, width }),
  exclusive: [SOURCES],
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
    const { noise, seed, trajectory: found } = await readStart(source, setting);
    const prompts = found ? [values.prompt2] : [values.prompt1, values.prompt2];
    const makeJob = await textJobMaker(setting);
    const settled = Object.fromEntries(uselessFlags(source).map((name) => [name, null]));
    return { count: prompts.length, jobs: makeJobs(), settled };

    async function* makeJobs(): Jobs {
      const first = () => makeJob({ index: 0, prompt: values.prompt1, noise, seed });
      const trajectory = found ?? (yield await first()).result.trajectory;
      const start = { trajectory, variationSteps: values.variation_steps };
      const index = prompts.length - 1;
      const job = await makeJob({ index, prompt: values.prompt2, noise, seed, start });
      const outcome = yield job;
      if (values.compare_scratch) await compareWithScratch(job, outcome, setting);
    }
  },
  anyCondition: { prompt: "", negative_prompt: "" },
  denoiser: textDenoiser,
  recordedStart(values, { index, count }) {
    if (index < count - 1) return undefined;
    return { from: 0, variationSteps: values.variation_steps };
  },
};

/** The run's noise, and the trajectory to start from where a file gives one. */
interface Start extends Partial<InitialTrajectory> {
  noise: Float64Array;
  seed?: number;
}

async function readStart(
  source: Source | undefined,
  { pipeline, values, schedule, manifest, signal }: Setting<typeof flags, StableDiffusionPipeline>,
): Promise<Start> {
  const identity = trajectoryIdentity({ pipeline, schedule, manifest, values });
  const options = { pipeline, schedule, identity, force: values.force_warm, signal };
  if (source?.flag === "init_trajectory") return await trajectoryFromFile(source.file, options);
  const shape = [schedule.numSteps + 1, ...pipeline.latentShape];
  const { noises } = await jobNoise({ ...values, num_samples: 1 }, { samples: 1, shape });
  const [{ noise, seed }] = noises;
  if (!source) return { noise, seed };
  const { flag, file } = source;
  return { noise, seed, ...await trajectoryFromSample({ flag, file }, noise, options) };
}
