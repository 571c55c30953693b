/** Text to image with Stable Diffusion. @module */
import { NUM_SAMPLES } from "../../arguments/flags/script_flags.ts";
import { readSeedList, replacedSettings } from "../../arguments/seed_list.ts";
import type { ResolvedSd } from "../../arguments/settings.ts";
import { UsageError } from "../../errors.ts";
import type { GuidedDenoiser } from "../../models/guided_denoiser.ts";
import type { StableDiffusionPipeline } from "../../pipelines/stable_diffusion_pipeline.ts";
import type { Job, Jobs } from "../samples/job.ts";
import type { OpenTask, SamplePlan, TaskContext } from "./task.ts";
import { type NoiseSettings, taskNoise } from "./task_noise.ts";
import { ANY_PROMPT, textDenoiser, textJobMaker } from "./text_jobs.ts";
import { readPrompts } from "./text_prompts.ts";

/** Settings of an {@link SdTask}. */
export type SdTaskSettings =
  & NoiseSettings
  & Pick<ResolvedSd, "prompt" | "promptsFile" | "negativePrompt" | "numSamples">;

/** Samples of one prompt, or of every prompt of a file. */
export class SdTask implements OpenTask {
  readonly anyCondition = ANY_PROMPT;
  readonly #pipeline: StableDiffusionPipeline;
  readonly #settings: SdTaskSettings;

  /**
   * @param pipeline closed by the caller
   */
  constructor(pipeline: StableDiffusionPipeline, settings: SdTaskSettings) {
    this.#pipeline = pipeline;
    this.#settings = settings;
  }

  async samples(context: TaskContext): Promise<SamplePlan> {
    const { prompt, promptsFile: file, seeds, negativePrompt } = this.#settings;
    const numSamples = readSeedList(seeds)?.length ?? this.#settings.numSamples;
    const prompts = file === undefined ? [prompt] : await readPrompts("promptsFile", file);
    const perPrompt = numSamples ?? (file === undefined ? undefined : 1);
    const samples = perPrompt && prompts.length * perPrompt;
    expectCount(samples ?? 1);
    const { count, noises } = await taskNoise(this.#settings, {
      number: NUM_SAMPLES.default,
      samples,
      shape: [context.schedule.numSteps + 1, ...this.#pipeline.latentShape],
      initialScale: context.schedule.initialScale,
    });
    const makeJob = await textJobMaker(this.#pipeline, negativePrompt, context);
    const recorded = {
      numSamples: count / prompts.length,
      prompt: file === undefined ? prompt : null,
      ...replacedSettings(seeds),
    };
    return { count, jobs: makeJobs(), recorded };

    async function* makeJobs(): Jobs {
      let index = 0;
      for (const { noise, seed } of noises) {
        const prompt = prompts[Math.floor(index * prompts.length / count)];
        yield await makeJob({ index: index++, prompt, noise, seed });
      }
    }
  }

  denoiser(condition: Job["condition"], context: TaskContext): Promise<GuidedDenoiser> {
    return textDenoiser(this.#pipeline, condition, context);
  }

  recordedStart(): undefined {}
}

function expectCount(samples: number): void {
  const most = NUM_SAMPLES.max;
  if (samples <= most) return;
  throw new UsageError((name) =>
    `${name("promptsFile")} and ${
      name("numSamples")
    } make ${samples} samples, wanted at most ${most}`
  );
}
