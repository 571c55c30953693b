/** What the kinds of run differ in: the samples to make, and the denoiser of a recorded condition. @module */
import type { SettledShared } from "../../arguments/settings.ts";
import type { GuidedDenoiser } from "../../models/guided_denoiser.ts";
import type { DenoiserOptions } from "../../pipelines/latent_pipeline.ts";
import type { Schedule } from "../../sampling/schedules/schedule.ts";
import type { Watch } from "../progress.ts";
import type { Job, Jobs } from "../samples/job.ts";
import type { TrajectoryIdentity } from "../samples/trajectory_identity.ts";

/** What denoisers are made with. */
export interface Making extends DenoiserOptions {
  /** Hears what did not fit into the tokens, and the like. */
  note: (line: string) => void;
  signal: AbortSignal;
}

/** What denoisers are made with, of the settings of a run. */
export function makingOf(
  { guidanceScale, batchSize }: Pick<SettledShared, "guidanceScale" | "batchSize">,
  schedule: Schedule,
  { note, signal }: Watch,
): Making {
  return { schedule, guidanceScale, batchSize, note, signal };
}

/** The samples of a run. */
export interface SamplePlan {
  count: number;
  jobs: Jobs;
  /** What the record says in place of the settings: what they left open, or what is not used. */
  recorded: Readonly<Record<string, string | number | null>>;
}

/** A warm start that a run has recorded. */
export interface RecordedStart {
  /** Sample whose trajectory it was; the sample's own holds what was kept of a file's. */
  from: number;
  variationSteps: number;
}

/** A kind of run on an open model. */
export interface OpenTask {
  /** Any condition, to time the denoiser with. */
  readonly anyCondition: Job["condition"];
  /** The samples to make. @throws {UsageError} when the model has no such classes or the noise does not fit */
  samples(making: Making, identity: TrajectoryIdentity): Promise<SamplePlan>;
  /** The denoiser of a condition as a manifest records it. @throws {FormatError} when it is no condition of this model */
  denoiser(condition: Job["condition"], making: Making): Promise<GuidedDenoiser>;
  /** The start of a recorded sample that was not made from scratch. */
  recordedStart(sample: { index: number }): RecordedStart | undefined;
}
