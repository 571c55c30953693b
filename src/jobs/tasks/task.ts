/** Interface of a task: its samples, and the denoiser of a recorded condition. @module */
import type { ResolvedShared } from "../../arguments/settings.ts";
import type { GuidedDenoiser } from "../../models/guided_denoiser.ts";
import type { DenoiserOptions } from "../../pipelines/latent_pipeline.ts";
import type { ModelSchedule } from "../../models/schedulers/model_schedule.ts";
import type { Watch } from "../progress.ts";
import type { Job, Jobs } from "../samples/job.ts";
import type { TrajectoryIdentity } from "../samples/trajectory_identity.ts";

/** Options of the denoisers of a run. */
export interface TaskContext extends DenoiserOptions {
  schedule: ModelSchedule;
  /** Receives notes, such as the truncated part of a prompt. */
  note: (line: string) => void;
  signal: AbortSignal;
}

/** Creates the options from the settings of a run. */
export function createTaskContext(
  { guidanceScale, batchSize }: Pick<ResolvedShared, "guidanceScale" | "batchSize">,
  schedule: ModelSchedule,
  { note, signal }: Watch,
): TaskContext {
  return { schedule, guidanceScale, batchSize, note, signal };
}

/** The samples of a run. */
export interface SamplePlan {
  count: number;
  jobs: Jobs;
  /** Recorded values that replace open or unused settings. */
  recorded: Readonly<Record<string, string | number | null>>;
}

/** Start of a warm-started sample of a recorded run. */
export interface RecordedStart {
  /**
   * Sample whose trajectory is the start; the sample's own index if a file was the start, which is
   * saved with it.
   */
  from: number;
  variationSteps: number;
}

/** A task on an open model. */
export interface OpenTask {
  /** An arbitrary condition, to time the denoiser with. */
  readonly anyCondition: Job["condition"];
  /**
   * Samples of the run.
   *
   * @throws {UsageError} when the model lacks a class or the noise has another shape
   */
  samples(context: TaskContext, identity: TrajectoryIdentity): Promise<SamplePlan>;
  /**
   * Denoiser of a recorded condition.
   *
   * @throws {FormatError} when the condition does not fit the model
   */
  denoiser(condition: Job["condition"], context: TaskContext): Promise<GuidedDenoiser>;
  /** Start of a recorded sample; `undefined` if it was sampled from scratch. */
  recordedStart(sample: { index: number }): RecordedStart | undefined;
}
