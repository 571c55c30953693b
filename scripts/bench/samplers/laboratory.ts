/** Opens the embedded models and creates the problems of a seed. @module */
import type { Image } from "../../../src/images/image.ts";
import { ClassPipeline } from "../../../src/pipelines/class_pipeline.ts";
import { DitPipeline } from "../../../src/pipelines/dit_pipeline.ts";
import { FlowPipeline } from "../../../src/pipelines/flow_pipeline.ts";
import { StableDiffusionPipeline } from "../../../src/pipelines/stable_diffusion_pipeline.ts";
import { digestBytes, digestFile } from "../../../src/storage/hash.ts";
import type { Environment } from "../../../src/runtime/environment.ts";
import type { Denoiser } from "../../../src/sampling/denoiser.ts";
import { TorchGenerator } from "../../../src/sampling/noise.ts";
import type { Schedule } from "../../../src/sampling/schedules/schedule.ts";
import type { ModelName, Problem } from "./cells.ts";

/** A problem with its schedule, noise and denoiser. */
export interface Posed {
  denoiser: Denoiser;
  schedule: Schedule;
  noise: Float64Array;
}

const PROMPTS = [
  ...["a cute cat", "red apple", "sunflower", "penguin", "smiling face", "soccer ball", "car"],
  ...["octopus", "pizza", "blue heart", "a cute dog", "green apple", "rose", "bird", "angry face"],
  ...["basketball", "bus", "fish", "hamburger", "red heart"],
];

const PIPELINES = { dit: DitPipeline, flow: FlowPipeline, sd: StableDiffusionPipeline };

/** An open model. */
export class Laboratory implements AsyncDisposable {
  readonly #pipeline: ClassPipeline | StableDiffusionPipeline;
  /** Short digest of the networks' bytes. */
  readonly network: string;

  private constructor(pipeline: ClassPipeline | StableDiffusionPipeline, network: string) {
    this.#pipeline = pipeline;
    this.network = network;
  }

  /** Opens a model folder. */
  static async open(
    env: Environment,
    model: ModelName,
    { path, threads }: { path: string; threads: number },
  ): Promise<Laboratory> {
    const session = { intraOpNumThreads: threads };
    const pipeline = await PIPELINES[model].open(env, path, { session });
    const digests = await Promise.all(
      [...pipeline.networkFiles.values()].map((path) => digestFile(path)),
    );
    const all = digests.map(({ sha256 }) => sha256).join();
    return new Laboratory(pipeline, digestBytes(new TextEncoder().encode(all)).sha256.slice(0, 12));
  }

  /**
   * Creates a problem: noise by the seed's own generator, class or prompt by its place in a list.
   */
  async pose({ steps, eta, guidance, seed }: Problem): Promise<Posed> {
    const pipeline = this.#pipeline;
    const schedule = pipeline.createSchedule({ numInferenceSteps: steps, eta });
    const options = { schedule, guidanceScale: guidance };
    const denoiser = pipeline instanceof ClassPipeline
      ? pipeline.createDenoiser(seed * 7 % pipeline.classNames.length, options)
      : pipeline.createDenoiser({
        prompt: await pipeline.encodePrompt(PROMPTS[seed % PROMPTS.length]),
        negativePrompt: await pipeline.encodePrompt(""),
      }, options);
    const noise = new TorchGenerator(seed).randn((steps + 1) * denoiser.rowSize);
    return { denoiser, schedule, noise };
  }

  /** Decodes a latent. */
  image(latent: Float64Array): Promise<Image> {
    return this.#pipeline.decode(latent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pipeline[Symbol.asyncDispose]();
  }
}
