/** Writes preview images during a run, for `previewEvery`. @module */
import type { Image } from "../../images/image.ts";
import { writeImage } from "../../runs/sample_files.ts";
import type { Job } from "./job.ts";
import { destination, type SampleContext, stopwatch } from "./sample_context.ts";

/** Writes images of a chain while it is being solved; the files equal those written at the end. */
export class Previewer {
  /** Images written so far, by round. */
  readonly images: Map<number, Image> = new Map();
  /** Seconds spent on previews. */
  seconds = 0;
  readonly #job: Job;
  readonly #context: SampleContext;

  /** Creates the previewer of one sample. */
  constructor(job: Job, context: SampleContext) {
    this.#job = job;
    this.#context = context;
  }

  /** Decodes and writes x_0 if the round is to be previewed. */
  readonly show = async (round: number, sample: Float64Array): Promise<void> => {
    const { run, pipeline, settings: { previewEvery: every }, signal } = this.#context;
    if (every === undefined || round % every !== 0) return;
    const showing = stopwatch();
    const image = await pipeline.decode(sample, signal);
    await writeImage(run, destination(this.#job, this.#context), { step: round, image });
    this.images.set(round, image);
    this.seconds += showing();
  };
}
