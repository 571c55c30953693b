/**
 * Text to image with Stable Diffusion 1 and 2 (Rombach et al., "High-resolution image synthesis
 * with latent diffusion models", 2022), XL (Podell et al., "SDXL", 2023), 3 (Esser et al., "Scaling
 * rectified flow transformers", 2024) and FLUX.1 (Black Forest Labs, 2024).
 * @module
 */
import { UsageError } from "../errors.ts";
import type { TextEmbedding } from "../models/text_encoder_network.ts";
import { ConditionalNetwork } from "../models/networks/conditional_network.ts";
import { GuidedDenoiser } from "../models/guided_denoiser.ts";
import { type OpenPromptEncoder, openPromptEncoder } from "./open_prompt_encoder.ts";
import { type TextFamily, textFamily } from "./text_family.ts";
import { readTextScheduler } from "./text_scheduler.ts";
import { configNumber, ModelFolder } from "../models/model_folder.ts";
import type { LatentShape } from "../models/networks/network_contract.ts";
import { sampleSize } from "../models/sample_size.ts";
import {
  createModelSchedule,
  type ModelSchedule,
  type ScheduleRequest,
} from "../models/schedulers/model_schedule.ts";
import type { SchedulerFile } from "../models/schedulers/scheduler_file.ts";
import type { Image } from "../images/image.ts";
import { areServed } from "../devices/remote/remote_device.ts";
import type { Environment } from "../runtime/environment.ts";
import {
  denoiserFile,
  type DenoiserOptions,
  openDecoder,
  patchTimestep,
  type PipelineOptions,
  vaeScale,
} from "./latent_pipeline.ts";
import { NetworkPipeline, type PipelineParts } from "./network_pipeline.ts";

/** Embeddings of a prompt and a negative prompt. */
export interface TextCondition {
  /** Embedding of the prompt. */
  prompt: TextEmbedding;
  /** Embedding of the negative prompt, or of the empty prompt. */
  negativePrompt: TextEmbedding;
}

/** Options of {@link StableDiffusionPipeline.open}. */
export interface StableDiffusionOptions extends PipelineOptions {
  /** Image height in pixels; the model's own by default. */
  height?: number;
  /** Image width in pixels; the model's own by default. */
  width?: number;
}

/**
 * Text encoders, denoiser and VAE decoder of a model folder. The class in its `model_index.json`
 * decides which family it is of.
 */
export class StableDiffusionPipeline extends NetworkPipeline {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    super(parts, parts.scheduler.notes);
    this.#parts = parts;
  }

  /**
   * Opens a diffusers or optimum folder.
   *
   * @throws {ModelError} when a part is missing, cannot be loaded or lacks a required input or
   *   output
   * @throws {UsageError} when the model does not support images of this height and width
   */
  static async open(
    env: Environment,
    path: string,
    options: StableDiffusionOptions = {},
  ): Promise<StableDiffusionPipeline> {
    const { session } = options;
    const folder = await openStableDiffusionFolder(path, options);
    const family = textFamily(folder.index);
    const scheduler = await readTextScheduler(folder, options);
    const scale = await vaeScale(folder, options);
    await using stack = new AsyncDisposableStack();
    const text = await openPromptEncoder(env, folder, { family, session });
    stack.defer(() => text.close());
    const file = await denoiserFile(folder, family.part, options);
    const latents = await latentShape(folder, scale, options);
    const network = stack.use(
      await ConditionalNetwork.open(env, {
        ...{ file, latentShape: latents, session, patchTimestep, sample: family.sample },
        conditions: [{ name: STATES, shape: text.shape }, ...family.conditions],
        ...(family.packed && { patch: family.patch }),
        constants: family.constants?.(latents, text.shape[0]),
        ...options.pool,
      }),
    );
    expectImageSize(network, options, scale);
    const vae = await openDecoder(env, folder, network.latentShape, options);
    stack.use(vae.decoder);
    const pipeline = new StableDiffusionPipeline({
      ...{ folder, vae: vae.source, denoiserPart: family.part, network, decoder: vae.decoder },
      origin: { environment: env, options },
      ...{ family, text, scheduler, scale },
    });
    stack.move();
    return pipeline;
  }

  /** Size of the images in pixels. */
  get imageSize(): { width: number; height: number } {
    const { scale, network } = this.#parts;
    const [, height, width] = network.latentShape;
    return { width: width * scale, height: height * scale };
  }

  /** Schedule of the model. */
  createSchedule(options: ScheduleRequest): ModelSchedule {
    const { scheduler, family: { patch, flowSpacing } } = this.#parts;
    const [, height, width] = this.latentShape;
    return createModelSchedule(scheduler, options, {
      ...{ kind: "stable-diffusion", path: this.folder.path, flowSpacing },
      imageSeqLen: (height / patch) * (width / patch),
    });
  }

  /** Embeds a prompt. The result can be shared by several denoisers. */
  encodePrompt(prompt: string, signal?: AbortSignal): Promise<TextEmbedding> {
    return this.#parts.text.encode(prompt, signal);
  }

  /**
   * Embeds a negative prompt. It equals the embedding of a prompt, except that the empty one is
   * zero if the model sets `force_zeros_for_empty_prompt`, as SDXL does.
   */
  async encodeNegativePrompt(prompt: string, signal?: AbortSignal): Promise<TextEmbedding> {
    const embedding = await this.encodePrompt(prompt, signal);
    const { force_zeros_for_empty_prompt: zeros = true } = this.folder.index;
    if (prompt !== "" || this.#parts.family.name !== "sdxl" || zeros !== true) return embedding;
    embedding.data.fill(0);
    embedding.pooled?.fill(0);
    return embedding;
  }

  /**
   * Whether the guidance scale is an input of the network, as in FLUX.1-dev. Then each step has one
   * row, and negative prompts have no effect.
   */
  get takesGuidance(): boolean {
    return this.#parts.network.contract.conditions.some(({ name }) => name === "guidance");
  }

  /**
   * Creates a denoiser with guidance from the negative prompt to the prompt on all channels, or by
   * the network if it {@link takesGuidance}.
   */
  createDenoiser(
    { prompt, negativePrompt }: TextCondition,
    options: DenoiserOptions,
  ): GuidedDenoiser {
    const { network, scheduler, family } = this.#parts;
    const { guidanceScale } = options, { width, height } = this.imageSize;
    const row = (embedding: TextEmbedding) =>
      network.conditionRow({
        [STATES]: embedding.data,
        ...family.values({ embedding, guidanceScale, imageSize: [height, width] }),
      });
    return new GuidedDenoiser(network, {
      schedule: options.schedule,
      predictionType: scheduler.predictionType,
      conditional: row(prompt),
      unconditional: row(negativePrompt),
      guidanceScale: this.takesGuidance ? 1 : guidanceScale,
      batchSize: options.batchSize,
      timestepScale: family.timestepScale,
    });
  }

  /**
   * Encodes an image to a scaled latent. The first call opens the VAE encoder.
   *
   * @returns `[channels, height, width]`
   * @throws {ModelError} when the encoder is missing, lacks a required input or output, or returns
   *   a latent of another size
   * @throws {NumericalError} when the latent is not finite
   */
  async encodeImage(image: Image, signal?: AbortSignal): Promise<Float64Array> {
    return await (await this.encoder()).encode(image, signal);
  }

  /** Closes every network that was opened, for `await using`. */
  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.text.close();
    await super[Symbol.asyncDispose]();
  }
}

interface Parts extends PipelineParts {
  /** Pixels per latent element. */
  scale: number;
  family: TextFamily;
  text: OpenPromptEncoder;
  scheduler: SchedulerFile;
}

/** The input of the prompt's rows. */
const STATES = "encoder_hidden_states";

/** Latent shape from the requested size, else from the network's configuration or its family. */
async function latentShape(
  folder: ModelFolder,
  scale: number,
  wanted: StableDiffusionOptions,
): Promise<LatentShape> {
  const { part, patch, packed, sampleSize: usual } = textFamily(folder.index);
  const config = await folder.config(`${part}/config.json`);
  // Every UNet level but the last halves the latent.
  const levels = Array.isArray(config.down_block_types) ? config.down_block_types.length : 1;
  const step = scale * patch * 2 ** (levels - 1);
  const sizes = { sample_size: "sample_size" in config ? config.sample_size : usual };
  const side = (name: "height" | "width") => {
    const pixels = wanted[name] ?? sampleSize(sizes, name) * scale;
    if (pixels % step === 0) return pixels / scale;
    throw new UsageError((spell) =>
      `${spell(name)} is ${pixels}, this model takes multiples of ${step}`
    );
  };
  const channels = configNumber(config, "in_channels", packed ? 64 : 4);
  return [packed ? channels / patch ** 2 : channels, side("height"), side("width")];
}

/** A network with a fixed latent size supports one image size. */
function expectImageSize(
  network: ConditionalNetwork,
  wanted: StableDiffusionOptions,
  scale: number,
): void {
  const [, height, width] = network.latentShape;
  const made = { height: height * scale, width: width * scale };
  for (const name of ["height", "width"] as const) {
    if ((wanted[name] ?? made[name]) === made[name]) continue;
    throw new UsageError((spell) =>
      `${spell(name)} is ${wanted[name]}, this model makes images of ${made.width}x${made.height}`
    );
  }
}

/**
 * Folder of a Stable Diffusion model; opens no network.
 *
 * @throws {ModelError} naming the parts that are missing
 */
export async function openStableDiffusionFolder(
  path: string,
  { vaePath, fp16, pool = {} }: Pick<PipelineOptions, "vaePath" | "fp16" | "pool"> = {},
): Promise<ModelFolder> {
  const decoder = vaePath === undefined ? ["vae_decoder"] : [];
  const bare = await ModelFolder.open(path, { networks: [], part: true });
  const { clips, t5, part } = textFamily(await bare.config("model_index.json"));
  const needed = t5 && !t5.optional ? [t5.part] : [];
  const networks = [...clips, ...needed, ...(areServed(pool) ? [] : [part]), ...decoder];
  return await ModelFolder.open(path, { networks, tokenizer: true, fp16 });
}
