/** Class-conditional sampling with a diffusion transformer. @module */
import { show } from "../../arguments/parse_flags.ts";
import type { SettledDit } from "../../arguments/settings.ts";
import { FormatError } from "../../errors.ts";
import type { GuidedDenoiser } from "../../models/guided_denoiser.ts";
import type { DitPipeline } from "../../pipelines/dit_pipeline.ts";
import type { Job, Jobs } from "../samples/job.ts";
import { NUM_SAMPLES } from "../../arguments/flags/script_flags.ts";
import { readSeedList, settledSeeds } from "../../arguments/seed_list.ts";
import { expectLabels, parseClassLabels } from "./class_labels.ts";
import type { Making, OpenTask, SamplePlan } from "./task.ts";
import { taskNoise } from "./task_noise.ts";

/** Class-conditional samples; the classes are given or drawn from the seed. */
export class DitTask implements OpenTask {
  readonly anyCondition: Job["condition"] = { class_label: 0 };
  readonly #pipeline: DitPipeline;
  readonly #settings: SettledDit;

  /**
   * @param pipeline closed by the caller
   */
  constructor(pipeline: DitPipeline, settings: SettledDit) {
    this.#pipeline = pipeline;
    this.#settings = settings;
  }

  async samples(making: Making): Promise<SamplePlan> {
    const { classNames: classes, latentShape } = this.#pipeline;
    const { classLabels, numSamples, seeds } = this.#settings;
    const named = classLabels && parseClassLabels(classLabels.join(), classes);
    named?.notes.forEach((note) => making.note(note));
    const labels = named?.labels;
    const source = await taskNoise(this.#settings, {
      number: NUM_SAMPLES.default,
      samples: readSeedList(seeds)?.length ?? numSamples ?? labels?.length,
      shape: [making.schedule.numSteps + 1, ...latentShape],
      classes: classes.length,
    });
    const { count, noises } = source;
    if (labels) expectLabels(labels, count);
    const makeDenoiser = (label: number) => this.#pipeline.createDenoiser(label, making);
    return { count, jobs: makeJobs(), recorded: { numSamples: count, ...settledSeeds(seeds) } };

    async function* makeJobs(): Jobs {
      let index = 0;
      for (const drawn of noises) {
        const label = labels ? labels[index % labels.length] : drawn.label!;
        const name = classes[label][0];
        yield {
          index: index++,
          label: `${label} (${name})`,
          condition: { class_label: label, class_name: name },
          denoiser: makeDenoiser(label),
          noise: drawn.noise,
          seed: drawn.seed,
        };
      }
    }
  }

  denoiser({ class_label: label }: Job["condition"], making: Making): Promise<GuidedDenoiser> {
    const { classNames } = this.#pipeline;
    if (typeof label === "number" && label in classNames) {
      return Promise.resolve(this.#pipeline.createDenoiser(label, making));
    }
    throw new FormatError(
      `class_label is ${show(label)}, wanted a whole number from 0 to ${classNames.length - 1}`,
    );
  }

  recordedStart(): undefined {}
}
