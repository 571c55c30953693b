/** Samples a prompt from the trajectory of another prompt, of a file or of an image. @module */
import { replacedSettings } from "../../arguments/seed_list.ts";
import type { ResolvedSdWinit, WarmStartSettings } from "../../arguments/settings.ts";
import { findSource, ineffectiveSettings } from "../../arguments/warm_start_source.ts";
import type { GuidedDenoiser } from "../../models/guided_denoiser.ts";
import type { StableDiffusionPipeline } from "../../pipelines/stable_diffusion_pipeline.ts";
import type { SampleNoise } from "../../pipelines/noise_source.ts";
import type { Job, Jobs } from "../samples/job.ts";
import type { SolverSettings } from "../samples/solve.ts";
import type { TrajectoryIdentity } from "../samples/trajectory_identity.ts";
import { compareWithScratch } from "./compare_scratch.ts";
import type { OpenTask, RecordedStart, SamplePlan, TaskContext } from "./task.ts";
import { type NoiseSettings, taskNoise } from "./task_noise.ts";
import { ANY_PROMPT, textDenoiser, textJobMaker } from "./text_jobs.ts";
import { type InitialTrajectory, trajectoryFromFile, trajectoryMaker } from "./warm_start.ts";

/** Settings of an {@link SdWinitTask}; those of the solver are for `compareScratch`. */
export type SdWinitTaskSettings =
  & NoiseSettings
  & WarmStartSettings
  & SolverSettings
  & Pick<ResolvedSdWinit, "prompt1" | "prompt2" | "negativePrompt" | "numSamples">
  & Pick<ResolvedSdWinit, "variationSteps" | "compareScratch" | "forceWarm">;

/** Noise, and the trajectory to start from if a file provides one. */
interface Start extends Partial<InitialTrajectory> {
  noise: Float64Array;
  seed?: number;
}

/**
 * Samples of a warm start: one per noise if a file provides the start, else two, from scratch and
 * from the trajectory of the first.
 */
export class SdWinitTask implements OpenTask {
  readonly anyCondition = ANY_PROMPT;
  readonly #pipeline: StableDiffusionPipeline;
  readonly #settings: SdWinitTaskSettings;

  /**
   * @param pipeline closed by the caller
   */
  constructor(pipeline: StableDiffusionPipeline, settings: SdWinitTaskSettings) {
    this.#pipeline = pipeline;
    this.#settings = settings;
  }

  async samples(context: TaskContext, identity: TrajectoryIdentity): Promise<SamplePlan> {
    const settings = this.#settings;
    const { prompt1, prompt2, negativePrompt, variationSteps, seeds } = settings;
    const source = findSource(settings);
    const { count: starts, starts: found } = await this.#readStarts(context, identity);
    const makeJob = await textJobMaker(this.#pipeline, negativePrompt, context);
    const ineffective = Object.fromEntries(ineffectiveSettings(source).map((name) => [name, null]));
    const recorded = { ...replacedSettings(seeds), ...ineffective };
    return { count: (source ? 1 : 2) * starts, jobs: makeJobs(), recorded };

    async function* makeJobs(): Jobs {
      let index = 0;
      for (const { noise, seed, trajectory: known } of found) {
        const first = () => makeJob({ index: index++, prompt: prompt1, noise, seed });
        const trajectory = known ?? (yield await first()).result.trajectory;
        const start = { trajectory, variationSteps };
        const job = await makeJob({ index: index++, prompt: prompt2, noise, seed, start });
        const outcome = yield job;
        if (settings.compareScratch) await compareWithScratch(job, outcome, { context, settings });
      }
    }
  }

  denoiser(condition: Job["condition"], context: TaskContext): Promise<GuidedDenoiser> {
    return textDenoiser(this.#pipeline, condition, context);
  }

  recordedStart({ index }: { index: number }): RecordedStart | undefined {
    const { variationSteps } = this.#settings;
    if (findSource(this.#settings)) return { from: index, variationSteps };
    return index % 2 === 0 ? undefined : { from: index - 1, variationSteps };
  }

  async #readStarts(
    { schedule, signal }: TaskContext,
    identity: TrajectoryIdentity,
  ): Promise<{ count: number; starts: Iterable<Start> }> {
    const pipeline = this.#pipeline, source = findSource(this.#settings);
    const options = { pipeline, schedule, identity, force: this.#settings.forceWarm, signal };
    if (source?.setting === "initialTrajectory") {
      return { count: 1, starts: [await trajectoryFromFile(source.file, options)] };
    }
    const { count, noises } = await taskNoise(this.#settings, {
      number: 1,
      samples: this.#settings.numSamples,
      shape: [schedule.numSteps + 1, ...pipeline.latentShape],
      initialScale: schedule.initialScale,
    });
    if (!source) return { count, starts: noises };
    const fromNoise = await trajectoryMaker(source.setting, source.file, options);
    return { count, starts: warmStarts(noises, fromNoise) };
  }
}

function* warmStarts(
  noises: Iterable<SampleNoise>,
  fromNoise: (noise: Float64Array) => InitialTrajectory,
): Iterable<Start> {
  for (const { noise, seed } of noises) yield { noise, seed, ...fromNoise(noise) };
}
