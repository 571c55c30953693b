/** Class-conditional sampling with a diffusion transformer. @module */
import type { DitSettings } from "../../arguments/settings.ts";
import type { GuidedDenoiser } from "../../models/guided_denoiser.ts";
import type { DitPipeline } from "../../pipelines/dit_pipeline.ts";
import type { Job } from "../samples/job.ts";
import { NUM_SAMPLES } from "../../arguments/flags/script_flags.ts";
import { readSeedList, replacedSettings } from "../../arguments/seed_list.ts";
import { ANY_CLASS, classDenoiser, classJobs, givenLabels } from "./class_jobs.ts";
import { expectLabels } from "./class_labels.ts";
import type { OpenTask, SamplePlan, TaskContext } from "./task.ts";
import { type NoiseSettings, taskNoise } from "./task_noise.ts";

/** Settings of a {@link DitTask}. */
export type DitTaskSettings = NoiseSettings & Pick<DitSettings, "classLabels" | "numSamples">;

/** Class-conditional samples; the classes are given or drawn from the seed. */
export class DitTask implements OpenTask {
  readonly anyCondition = ANY_CLASS;
  readonly #pipeline: DitPipeline;
  readonly #settings: DitTaskSettings;

  /**
   * @param pipeline closed by the caller
   */
  constructor(pipeline: DitPipeline, settings: DitTaskSettings) {
    this.#pipeline = pipeline;
    this.#settings = settings;
  }

  async samples(context: TaskContext): Promise<SamplePlan> {
    const { classNames, latentShape } = this.#pipeline;
    const { numSamples, seeds } = this.#settings;
    const labels = givenLabels(this.#pipeline, this.#settings, context);
    const { count, noises } = await taskNoise(this.#settings, {
      number: NUM_SAMPLES.default,
      samples: readSeedList(seeds)?.length ?? numSamples ?? labels?.length,
      shape: [context.schedule.numSteps + 1, ...latentShape],
      initialScale: context.schedule.initialScale,
      classes: classNames.length,
    });
    if (labels) expectLabels(labels, count);
    const jobs = classJobs(this.#pipeline, { starts: noises, labels, context });
    return { count, jobs, recorded: { numSamples: count, ...replacedSettings(seeds) } };
  }

  denoiser(condition: Job["condition"], context: TaskContext): Promise<GuidedDenoiser> {
    return Promise.try(classDenoiser, this.#pipeline, condition, context);
  }

  recordedStart(): undefined {}
}
