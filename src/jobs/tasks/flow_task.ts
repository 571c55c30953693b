/** Class-conditional sampling with a rectified flow, from scratch or from a file. @module */
import { NUM_SAMPLES } from "../../arguments/flags/script_flags.ts";
import { readSeedList, replacedSettings } from "../../arguments/seed_list.ts";
import type { ResolvedFlow, WarmStartSettings } from "../../arguments/settings.ts";
import { findSource, ineffectiveSettings } from "../../arguments/warm_start_source.ts";
import type { GuidedDenoiser } from "../../models/guided_denoiser.ts";
import type { FlowPipeline } from "../../pipelines/flow_pipeline.ts";
import type { SampleNoise } from "../../pipelines/noise_source.ts";
import type { Job } from "../samples/job.ts";
import type { TrajectoryIdentity } from "../samples/trajectory_identity.ts";
import { ANY_CLASS, classDenoiser, classJobs, type ClassStart, givenLabels } from "./class_jobs.ts";
import { expectLabels } from "./class_labels.ts";
import type { OpenTask, RecordedStart, SamplePlan, TaskContext } from "./task.ts";
import { type NoiseSettings, taskNoise } from "./task_noise.ts";
import { trajectoryFromFile, trajectoryMaker } from "./warm_start.ts";

/** Settings of a {@link FlowTask}. */
export type FlowTaskSettings =
  & NoiseSettings
  & WarmStartSettings
  & Pick<ResolvedFlow, "classLabels" | "numSamples" | "numInferenceSteps" | "variationSteps">
  & Pick<ResolvedFlow, "forceWarm">;

/** Samples of a run, from the trajectory of an earlier run, a latent, an image, or from scratch. */
export class FlowTask implements OpenTask {
  readonly anyCondition = ANY_CLASS;
  readonly #pipeline: FlowPipeline;
  readonly #settings: FlowTaskSettings;

  /**
   * @param pipeline closed by the caller
   */
  constructor(pipeline: FlowPipeline, settings: FlowTaskSettings) {
    this.#pipeline = pipeline;
    this.#settings = settings;
  }

  async samples(context: TaskContext, identity: TrajectoryIdentity): Promise<SamplePlan> {
    const labels = givenLabels(this.#pipeline, this.#settings, context);
    const { count, starts } = await this.#readStarts(context, identity, labels);
    if (labels) expectLabels(labels, count);
    const jobs = classJobs(this.#pipeline, { starts, labels, context });
    const ineffective = ineffectiveSettings(findSource(this.#settings)).map((name) => [name, null]);
    const seeds = replacedSettings(this.#settings.seeds);
    return {
      count,
      jobs,
      recorded: { numSamples: count, ...seeds, ...Object.fromEntries(ineffective) },
    };
  }

  denoiser(condition: Job["condition"], context: TaskContext): Promise<GuidedDenoiser> {
    return Promise.try(classDenoiser, this.#pipeline, condition, context);
  }

  recordedStart({ index: from }: { index: number }): RecordedStart | undefined {
    return findSource(this.#settings) && { from, variationSteps: this.#variationSteps };
  }

  get #variationSteps(): number {
    return this.#settings.variationSteps ?? this.#settings.numInferenceSteps;
  }

  async #readStarts(
    { schedule, signal }: TaskContext,
    identity: TrajectoryIdentity,
    labels: readonly number[] | undefined,
  ): Promise<{ count: number; starts: Iterable<ClassStart> }> {
    const pipeline = this.#pipeline, source = findSource(this.#settings);
    const options = { pipeline, schedule, identity, force: this.#settings.forceWarm, signal };
    const variationSteps = this.#variationSteps;
    if (source?.setting === "initialTrajectory") {
      const { noise, trajectory } = await trajectoryFromFile(source.file, options);
      const start = { trajectory, variationSteps };
      return { count: labels!.length, starts: labels!.map(() => ({ noise, start })) };
    }
    const { numSamples, seeds } = this.#settings;
    const { count, noises } = await taskNoise(this.#settings, {
      number: source ? 1 : NUM_SAMPLES.default,
      samples: readSeedList(seeds)?.length ?? numSamples ?? labels?.length,
      shape: [schedule.numSteps + 1, ...pipeline.latentShape],
      classes: pipeline.classNames.length,
    });
    if (!source) return { count, starts: noises };
    const fromNoise = await trajectoryMaker(source.setting, source.file, options);
    const startOf = (noise: Float64Array) => ({ ...fromNoise(noise), variationSteps });
    return { count, starts: warmStarts(noises, startOf) };
  }
}

function* warmStarts(
  noises: Iterable<SampleNoise>,
  startOf: (noise: Float64Array) => NonNullable<Job["start"]>,
): Iterable<ClassStart> {
  for (const drawn of noises) yield { ...drawn, start: startOf(drawn.noise) };
}
