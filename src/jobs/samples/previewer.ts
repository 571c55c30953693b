/** The images that `previewEvery` asks for while a run goes on. @module */
import type { Image } from "../../images/image.ts";
import { writeImage } from "../../runs/sample_files.ts";
import type { Job } from "./job.ts";
import { destination, type SampleContext, stopwatch } from "./sample_context.ts";

/** Writes images while a chain is solved: the ones that would be written in the end. */
export class Previewer {
  /** Images that lie there already, by their number. */
  readonly images: Map<number, Image> = new Map();
  /** Seconds that they took. */
  seconds = 0;
  readonly #job: Job;
  readonly #context: SampleContext;

  /** Of one sample. */
  constructor(job: Job, context: SampleContext) {
    this.#job = job;
    this.#context = context;
  }

  /** Decodes and writes x_0 where its round is wanted. */
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
