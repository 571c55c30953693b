/** Jobs and denoisers of class labels. @module */
import type { DitSettings } from "../../arguments/settings.ts";
import { FormatError } from "../../errors.ts";
import type { GuidedDenoiser } from "../../models/guided_denoiser.ts";
import type { ClassPipeline } from "../../pipelines/class_pipeline.ts";
import type { SampleNoise } from "../../pipelines/noise_source.ts";
import type { Job, Jobs } from "../samples/job.ts";
import { parseClassLabels } from "./class_labels.ts";
import type { TaskContext } from "./task.ts";
import { shownValue } from "../../text.ts";

/** Noise of a sample, and the warm start if there is one. */
export type ClassStart = SampleNoise & Pick<Job, "start">;

/** An arbitrary class, to time a denoiser with. */
export const ANY_CLASS: Job["condition"] = { class_label: 0 };

/**
 * Numbers of the given classes; `undefined` if every sample draws its own.
 *
 * @throws {UsageError} naming a label that is unknown or ambiguous
 */
export function givenLabels(
  { classNames }: ClassPipeline,
  { classLabels }: Pick<DitSettings, "classLabels">,
  { note }: TaskContext,
): number[] | undefined {
  if (classLabels === undefined) return undefined;
  const { labels, notes } = parseClassLabels(classLabels.join(), classNames);
  notes.forEach((line) => note(line));
  return labels;
}

/** A job per start, of the given labels in turn or of the one that was drawn with the noise. */
export async function* classJobs(
  pipeline: ClassPipeline,
  { starts, labels, context }: {
    starts: Iterable<ClassStart>;
    labels: readonly number[] | undefined;
    context: TaskContext;
  },
): Jobs {
  let index = 0;
  for (const { noise, seed, start, label: drawn } of starts) {
    const label = labels ? labels[index % labels.length] : drawn!;
    const name = pipeline.classNames[label][0];
    yield {
      index: index++,
      label: `${label} (${name})`,
      condition: { class_label: label, class_name: name },
      denoiser: pipeline.createDenoiser(label, context),
      ...{ noise, seed, start },
    };
  }
}

/**
 * Denoiser of a recorded condition.
 *
 * @throws {FormatError} when it names no class of the model
 */
export function classDenoiser(
  pipeline: ClassPipeline,
  { class_label: label }: Job["condition"],
  context: TaskContext,
): GuidedDenoiser {
  const { classNames } = pipeline;
  if (typeof label === "number" && label in classNames) {
    return pipeline.createDenoiser(label, context);
  }
  throw new FormatError(
    `class_label is ${shownValue(label)}, wanted a whole number from 0 to ${classNames.length - 1}`,
  );
}
