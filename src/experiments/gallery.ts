/** Collects images of an experiment's samples for the report. @module */
import { relative } from "node:path";
import type { ReportSample } from "../report/report_model.ts";
import { heatmap } from "../report/heatmap.ts";
import { pngUri, type SmallImage, strip } from "../report/strip.ts";
import { settingName } from "./cells.ts";
import { decibels } from "./results_csv.ts";
import type { FoundRun } from "./find_run.ts";
import { type MeasuredSample, readFinalImage, readImages } from "./measured_run.ts";

/**
 * Maximum total size of the round images, in characters. Further samples are omitted from the page.
 */
const MAX_CHARACTERS = 1.5e6;
/** Maximum number of seeds on the sheet of final images. */
export const MAX_SEEDS_ON_SHEET = 8;

/** Final image of a sample. */
export interface Final {
  setting: string;
  seed: number;
  image: SmallImage;
}

/** Collects images of finished runs. */
export class Gallery {
  /** Samples with an image for every round. */
  readonly samples: ReportSample[] = [];
  /** Final images by setting and seed. */
  readonly finals: Final[] = [];
  /** Number of samples omitted because the page is full. */
  leftOut = 0;
  readonly #root: string;
  readonly #seeds = new Set<number>();
  readonly #sequential = new Map<string, SmallImage>();
  #characters = 0;

  /** @param root the experiment's folder */
  constructor(root: string) {
    this.#root = root;
  }

  /** Adds the samples of a run, except those of a repeated run. */
  async add(samples: readonly MeasuredSample[], reference: FoundRun): Promise<void> {
    for (const sample of samples) {
      if (sample.cell.repeat > 1) continue;
      if (sample.index === 0) await this.#addFinal(sample);
      if (sample.rounds.length > 0) await this.#addRounds(sample, reference);
    }
  }

  async #addFinal({ cell, path, index, figures, seed }: MeasuredSample): Promise<void> {
    this.#seeds.add(seed);
    if (this.#seeds.size > MAX_SEEDS_ON_SHEET) return;
    const image = await readFinalImage(path, { index, rounds: figures.rounds });
    this.finals.push({ setting: settingName(cell), seed, image: strip([image]) });
  }

  async #addRounds(sample: MeasuredSample, reference: FoundRun): Promise<void> {
    if (this.#characters > MAX_CHARACTERS) {
      this.leftOut++;
      return;
    }
    const { cell, path, index, label, seed, timesteps, rounds, figures, doubt } = sample;
    const shown = {
      ...{ setting: settingName(cell), label, seed },
      folder: relative(this.#root, path).replaceAll("\\", "/") + `/sample_${index}`,
      rounds: strip(await readImages(path, { index, rounds: figures.rounds })),
      sequential: await this.#sequentialImage(reference, index),
      heat: { uri: pngUri(heatmap(rounds, timesteps)), steps: timesteps, rounds: rounds.length },
      finished: sample.finished,
      residuals: sample.residuals,
      evaluations: rounds.map((round) => round.evaluations),
      figures: `${figures.rounds} rounds, ${figures.nfe} evaluations, ${
        figures.seconds.toFixed(2)
      } s, PSNR ${decibels(figures.psnr_db)} dB${doubt ? `; not trusted: ${doubt}` : ""}`,
    };
    this.#characters += shown.rounds.uri.length;
    this.samples.push(shown);
  }

  async #sequentialImage({ path, manifest }: FoundRun, index: number): Promise<SmallImage> {
    const key = `${path} ${index}`;
    const known = this.#sequential.get(key);
    if (known) return known;
    const image = strip([await readFinalImage(path, manifest.samples[index])]);
    this.#sequential.set(key, image);
    return image;
  }
}
