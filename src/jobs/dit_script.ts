/** What `parallel_dit` adds to the shared run: class labels. @module */
import { FormatError, UsageError } from "../errors.ts";
import type { GuidedDenoiser } from "../models/guided_denoiser.ts";
import { readClassNames } from "../models/class_names.ts";
import { readSchedulerFile } from "../models/scheduler_file.ts";
import { DitPipeline, openDitFolder } from "../pipelines/dit_pipeline.ts";
import { jobNoise } from "./job_noise.ts";
import { readSeedList, SEED_LIST_EXCLUDES, settledSeeds } from "../arguments/seed_list.ts";
import { show } from "../arguments/parse_flags.ts";
import { plural } from "../cli/progress.ts";
import type { Jobs } from "./job.ts";
import type { DenoiserSetting, SamplingScript } from "./sampling_script.ts";
import { ditFlags } from "../arguments/dit_flags.ts";
import { parseClassLabels } from "./class_labels.ts";
import { listClasses } from "./list_classes.ts";
import { modelFolder } from "./open_pipeline.ts";

const flags = ditFlags();

/** Class-conditional sampling with a diffusion transformer. */
export const ditScript: SamplingScript<typeof flags, DitPipeline> = {
  summary: {
    name: "parallel_dit",
    about:
      "Samples a class-conditional diffusion transformer (DiT), all steps of the chain at once.",
    example: 'deno task dit --class_labels "cat face,heart" --timesteps 50',
  },
  command: "dit",
  prefix: "DiT",
  flags,
  exclusive: SEED_LIST_EXCLUDES,
  async listed({ list_classes: wanted, json, model_path: path }) {
    if (wanted) await listClasses(modelFolder(path, flags.model_path.default), { json });
    return wanted;
  },
  async checkInputs(path, { values, given }) {
    const { vae_path: vaePath, fp16, class_labels: text, num_samples: samples } = values;
    const folder = await openDitFolder(path, { vaePath, fp16 });
    await readSchedulerFile(folder, "dit");
    const classes = readClassNames(folder);
    if (text === undefined) return;
    const { labels } = parseClassLabels(text, classes);
    const count = readSeedList(values.seeds)?.length ??
      (given.has("num_samples") ? samples : undefined);
    if (count !== undefined) expectLabels(labels, count);
  },
  open: (env, path, _values, options) => DitPipeline.open(env, path, options),
  async jobs(setting) {
    const { pipeline, values, given, schedule } = setting;
    const classes = pipeline.classNames;
    const named = values.class_labels === undefined
      ? undefined
      : parseClassLabels(values.class_labels, classes);
    named?.notes.forEach((note) => setting.progress.note(note));
    const labels = named?.labels;
    const seeds = readSeedList(values.seeds);
    const samples = seeds?.length ??
      (given.has("num_samples") ? values.num_samples : labels?.length);
    const source = await jobNoise(values, {
      samples,
      shape: [schedule.numSteps + 1, ...pipeline.latentShape],
      classes: classes.length,
    });
    if (labels) expectLabels(labels, source.count);
    const settled = { num_samples: source.count, ...settledSeeds(values.seeds) };
    return { count: source.count, jobs: makeJobs(), settled };

    async function* makeJobs(): Jobs {
      let index = 0;
      for (const drawn of source.noises) {
        const label = labels ? labels[index % labels.length] : drawn.label!;
        const name = classes[label][0];
        yield {
          index: index++,
          label: `${label} (${name})`,
          condition: { class_label: label, class_name: name },
          denoiser: makeDenoiser(label, setting),
          noise: drawn.noise,
          seed: drawn.seed,
        };
      }
    }
  },
  anyCondition: { class_label: 0 },
  denoiser({ class_label: label }, setting) {
    const { classNames } = setting.pipeline;
    if (typeof label !== "number" || !(label in classNames)) {
      throw new FormatError(
        `class_label is ${show(label)}, wanted a whole number from 0 to ${classNames.length - 1}`,
      );
    }
    return Promise.resolve(makeDenoiser(label, setting));
  },
};

/** Refuses a number of classes that is neither one for all samples nor one for each. */
function expectLabels({ length }: readonly number[], count: number): void {
  if (length === 1 || length === count) return;
  const samples = plural(count, "sample"), wanted = count === 1 ? "1" : `1 or ${count}`;
  throw new UsageError(`--class_labels names ${length} classes for ${samples}, wanted ${wanted}`);
}

function makeDenoiser(
  label: number,
  { pipeline, values, schedule }: DenoiserSetting<typeof flags, DitPipeline>,
): GuidedDenoiser {
  const { cfg_scale: guidanceScale, batch_size: batchSize } = values;
  return pipeline.createDenoiser(label, { schedule, guidanceScale, batchSize });
}
