/**
 * Text to image with Stable Diffusion v1 (Rombach et al., "High-resolution image synthesis with
 * latent diffusion models", 2022).
 * @module
 */
import { join } from "node:path";
import { UsageError } from "../errors.ts";
import { ClipTextEncoder, type TextEmbedding } from "../models/clip_text_encoder.ts";
import { ClipTokenizer } from "../models/tokenizer/clip_tokenizer.ts";
import { ConditionalNetwork } from "../models/networks/conditional_network.ts";
import { GuidedDenoiser } from "../models/guided_denoiser.ts";
import { configNumber, ModelFolder } from "../models/model_folder.ts";
import type { LatentShape } from "../models/networks/network_contract.ts";
import { sampleSize } from "../models/sample_size.ts";
import {
  createModelSchedule,
  type ModelSchedule,
  type ScheduleRequest,
} from "../models/schedulers/model_schedule.ts";
import { readSchedulerFile, type SchedulerFile } from "../models/schedulers/scheduler_file.ts";
import type { Image } from "../images/image.ts";
import type { VaeDecoder } from "../models/vae.ts";
import type { VaeEncoder } from "../models/vae_encoder.ts";
import type { ServedNetwork } from "../devices/admission.ts";
import type { DeviceReport } from "../devices/device.ts";
import { areServed } from "../devices/remote/remote_device.ts";
import type { Environment } from "../runtime/environment.ts";
import {
  denoiserFile,
  type DenoiserOptions,
  type LatentPipeline,
  mendTimestep,
  openDecoder,
  openEncoder,
  type PipelineOptions,
  type PipelineOrigin,
  vaeScale,
} from "./latent_pipeline.ts";

const NETWORK = "unet";

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

/** Text encoder, UNet and VAE decoder of a model folder. */
export class StableDiffusionPipeline implements LatentPipeline {
  /** Model folder. */
  readonly folder: ModelFolder;
  /** Folder of the denoiser network. */
  readonly denoiserPart: string = NETWORK;
  /** Configuration and tokenizer files that were read, by name; `undefined` if absent. */
  readonly configFiles: ReadonlyMap<string, string | undefined>;
  readonly #networkFiles: Map<string, string>;
  readonly #parts: Parts;
  #encoder: Promise<VaeEncoder> | undefined;

  private constructor(
    readonly origin: PipelineOrigin,
    folder: ModelFolder,
    vae: ModelFolder,
    parts: Parts,
  ) {
    this.folder = folder;
    this.configFiles = new Map([...folder.configFiles, ...vae.configFiles]);
    this.#networkFiles = new Map([...folder.networkFiles, ...vae.networkFiles]);
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
    const scheduler = await readSchedulerFile(folder, { kind: "stable-diffusion", ...options });
    const scale = await vaeScale(folder, options);
    const tokenizer = await ClipTokenizer.load(join(path, "tokenizer"), {
      read: (name) => folder.read(`tokenizer/${name}`),
    });
    await using stack = new AsyncDisposableStack();
    const textFile = await folder.network("text_encoder");
    const text = stack.use(await ClipTextEncoder.open(env, { file: textFile, tokenizer, session }));
    const file = await denoiserFile(folder, NETWORK, options);
    const network = stack.use(
      await ConditionalNetwork.open(env, {
        file,
        condition: "encoder_hidden_states",
        conditionShape: text.shape,
        latentShape: await latentShape(folder, scale, options),
        session,
        mendTimestep,
        ...options.pool,
      }),
    );
    expectImageSize(network, options, scale);
    const vae = await openDecoder(env, folder, network.latentShape, options);
    stack.use(vae.decoder);
    const pipeline = new StableDiffusionPipeline(
      { environment: env, options },
      folder,
      vae.source,
      {
        text,
        network,
        decoder: vae.decoder,
        scheduler,
        scale,
        openEncoder: () => openEncoder(env, folder, network.latentShape, options),
      },
    );
    stack.move();
    return pipeline;
  }

  /** Files of the open networks, by name in the manifest. */
  get networkFiles(): ReadonlyMap<string, string> {
    return this.#networkFiles;
  }

  /** Settings that were changed or ignored, one line each. */
  get notes(): readonly string[] {
    const { scheduler, network } = this.#parts;
    return [...scheduler.notes, ...network.notes];
  }

  /** Operators of the network that compute over the whole batch. */
  get batchWide(): readonly string[] {
    return this.#parts.network.batchWide;
  }

  /** Models on servers that evaluate the denoiser's rows. */
  get served(): readonly ServedNetwork[] {
    return this.#parts.network.served;
  }

  /** What each device did so far. */
  get devices(): readonly DeviceReport[] {
    return this.#parts.network.devices;
  }

  /** Runs every call size that `rows` rows can take once; returns the sizes. */
  warmUp(rows: number): Promise<readonly number[]> {
    return this.#parts.network.warmUp(rows);
  }

  /** Shape of a latent, `[channels, height, width]`. */
  get latentShape(): LatentShape {
    return this.#parts.network.latentShape;
  }

  /** Size of the images in pixels. */
  get imageSize(): { width: number; height: number } {
    const { scale, network } = this.#parts;
    const [, height, width] = network.latentShape;
    return { width: width * scale, height: height * scale };
  }

  /** Schedule of the model. */
  createSchedule(options: ScheduleRequest): ModelSchedule {
    const facts = { kind: "stable-diffusion", path: this.folder.path } as const;
    return createModelSchedule(this.#parts.scheduler, options, facts);
  }

  /** Embeds a prompt. The result can be shared by several denoisers. */
  encodePrompt(prompt: string, signal?: AbortSignal): Promise<TextEmbedding> {
    return this.#parts.text.encode(prompt, signal);
  }

  /** Denoiser with guidance from the negative prompt to the prompt, on all channels. */
  createDenoiser(
    { prompt, negativePrompt }: TextCondition,
    options: DenoiserOptions,
  ): GuidedDenoiser {
    const { network, scheduler } = this.#parts;
    return new GuidedDenoiser(network, {
      schedule: options.schedule,
      predictionType: scheduler.predictionType,
      conditional: network.conditionRow(prompt.data),
      unconditional: network.conditionRow(negativePrompt.data),
      guidanceScale: options.guidanceScale,
      batchSize: options.batchSize,
    });
  }

  /** Image of a latent, `[channels, height, width]`. */
  decode(latent: Float64Array, signal?: AbortSignal): Promise<Image> {
    return this.#parts.decoder.decode(latent, signal);
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
    this.#encoder ??= this.#openEncoder();
    return await (await this.#encoder).encode(image, signal);
  }

  async #openEncoder(): Promise<VaeEncoder> {
    const { encoder, source } = await this.#parts.openEncoder();
    for (const [name, path] of source.networkFiles) this.#networkFiles.set(name, path);
    return encoder;
  }

  /** Closes every network that was opened, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { text, network, decoder } = this.#parts;
    // a failure to open the encoder was thrown to its caller
    const encoder = await this.#encoder?.catch(() => undefined);
    await encoder?.close();
    await text.close();
    await network.close();
    await decoder.close();
  }
}

interface Parts {
  /** Pixels per latent element. */
  scale: number;
  text: ClipTextEncoder;
  network: ConditionalNetwork;
  decoder: VaeDecoder;
  scheduler: SchedulerFile;
  openEncoder: () => ReturnType<typeof openEncoder>;
}

/** Latent shape from the requested size, else from the UNet's configuration, else that of SD v1. */
async function latentShape(
  folder: ModelFolder,
  scale: number,
  wanted: StableDiffusionOptions,
): Promise<LatentShape> {
  const config = await folder.config(`${NETWORK}/config.json`);
  // Every UNet level but the last halves the latent.
  const levels = Array.isArray(config.down_block_types) ? config.down_block_types.length : 1;
  const step = scale * 2 ** (levels - 1);
  const side = (name: "height" | "width") => {
    const pixels = wanted[name] ?? sampleSize(config, name) * scale;
    if (pixels % step === 0) return pixels / scale;
    throw new UsageError((spell) =>
      `${spell(name)} is ${pixels}, this model takes multiples of ${step}`
    );
  };
  return [configNumber(config, "in_channels", 4), side("height"), side("width")];
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
  const networks = ["text_encoder", ...(areServed(pool) ? [] : [NETWORK]), ...decoder];
  return await ModelFolder.open(path, { networks, tokenizer: true, fp16 });
}
