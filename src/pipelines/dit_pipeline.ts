/**
 * Class-conditional diffusion transformers (Peebles & Xie, "Scalable diffusion models with
 * transformers", 2023).
 * @module
 */
import { readClassNames } from "../models/class_names.ts";
import { ConditionalNetwork } from "../models/networks/conditional_network.ts";
import { GuidedDenoiser } from "../models/guided_denoiser.ts";
import { ModelFolder } from "../models/model_folder.ts";
import { readSchedulerFile, type SchedulerFile } from "../models/scheduler_file.ts";
import type { Image } from "../images/image.ts";
import type { VaeDecoder } from "../models/vae.ts";
import type { LatentShape } from "../models/networks/network_contract.ts";
import type { DeviceReport } from "../runtime/devices/device.ts";
import type { Environment } from "../runtime/environment.ts";
import type { Schedule } from "../sampling/schedules/schedule.ts";
import {
  type DenoiserOptions,
  type LatentPipeline,
  mendTimestep,
  modelSchedule,
  openDecoder,
  type PipelineOptions,
  type PipelineOrigin,
} from "./latent_pipeline.ts";

const NETWORK = "transformer";

/**
 * The official DiT applies guidance to three of its four latent channels; the fourth uses the
 * conditional noise.
 */
const GUIDED_CHANNELS = 3;

/**
 * A DiT and the decoder of its VAE.
 *
 * @example An image of class 7, all steps at once
 * ```ts
 * import { DitPipeline, Environment, TorchGenerator, parallelSample } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * using env = Environment.open();
 * await using pipeline = await DitPipeline.open(env, "models/dit-emoji");
 * const schedule = pipeline.createSchedule({ numInferenceSteps: 10, eta: 0 });
 * const denoiser = pipeline.createDenoiser(7, { schedule, guidanceScale: 4 });
 * const noise = new TorchGenerator(0).randn(11 * denoiser.rowSize);
 * let sample = new Float64Array();
 * for await (const round of parallelSample(denoiser, { schedule, noise })) sample = round.sample.slice();
 * const { width, height, data } = await pipeline.decode(sample);
 * assert.deepEqual([width, height, data.length], [64, 64, 64 * 64 * 3]);
 * ```
 */
export class DitPipeline implements LatentPipeline {
  /** Model folder. */
  readonly folder: ModelFolder;
  /** Folder of the denoiser network. */
  readonly denoiserPart: string = NETWORK;
  /** Files of the networks in use and of their external data, by name in the folder. */
  readonly networkFiles: ReadonlyMap<string, string>;
  /** Configuration and tokenizer files that were read, by name; `undefined` if absent. */
  readonly configFiles: ReadonlyMap<string, string | undefined>;
  /** Names of every class; the first one is the display name. */
  readonly classNames: readonly (readonly string[])[];
  readonly #network: ConditionalNetwork;
  readonly #decoder: VaeDecoder;
  readonly #scheduler: SchedulerFile;

  private constructor(
    readonly origin: PipelineOrigin,
    folder: ModelFolder,
    vae: ModelFolder,
    network: ConditionalNetwork,
    decoder: VaeDecoder,
    scheduler: SchedulerFile,
  ) {
    this.folder = folder;
    this.networkFiles = new Map([...folder.networkFiles, ...vae.networkFiles]);
    this.configFiles = new Map([...folder.configFiles, ...vae.configFiles]);
    this.classNames = readClassNames(folder);
    this.#network = network;
    this.#decoder = decoder;
    this.#scheduler = scheduler;
  }

  /**
   * Opens `transformer/model.onnx` and `vae_decoder/model.onnx` of a model folder.
   *
   * @throws {ModelError} when a part is missing, cannot be loaded or lacks a required input or
   *   output
   */
  static async open(
    env: Environment,
    path: string,
    options: PipelineOptions = {},
  ): Promise<DitPipeline> {
    const folder = await openDitFolder(path, options);
    const scheduler = await readSchedulerFile(folder, "dit");
    const file = await folder.network(NETWORK);
    await using stack = new AsyncDisposableStack();
    const network = stack.use(
      await ConditionalNetwork.open(env, {
        file,
        condition: "class_labels",
        conditionShape: [],
        session: options.session,
        mendTimestep,
        ...options.pool,
      }),
    );
    const vae = await openDecoder(env, folder, network.latentShape, options);
    stack.use(vae.decoder);
    const pipeline = new DitPipeline(
      { environment: env, options },
      folder,
      vae.source,
      network,
      vae.decoder,
      scheduler,
    );
    stack.move();
    return pipeline;
  }

  /** Settings that were changed or ignored, one line each. */
  get notes(): readonly string[] {
    return [...this.#scheduler.notes, ...this.#network.notes];
  }

  /** Operators of the network that compute over the whole batch. */
  get batchWide(): readonly string[] {
    return this.#network.batchWide;
  }

  /** What each device did so far. */
  get devices(): readonly DeviceReport[] {
    return this.#network.devices;
  }

  /** Runs every call size that `rows` rows can take once; returns the sizes. */
  warmUp(rows: number): Promise<readonly number[]> {
    return this.#network.warmUp(rows);
  }

  /** Shape of a latent, `[channels, height, width]`. */
  get latentShape(): LatentShape {
    return this.#network.latentShape;
  }

  /** The respaced schedule of the official DiT. */
  createSchedule(options: { numInferenceSteps: number; eta?: number }): Schedule {
    return modelSchedule(this.folder, { kind: "dit", ...this.#scheduler.config, ...options });
  }

  /**
   * Denoiser for class `label`. The null class is the one after the last.
   *
   * @throws {RangeError} when the class does not exist
   */
  createDenoiser(label: number, options: DenoiserOptions): GuidedDenoiser {
    const classes = this.classNames.length;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new RangeError(`class label is ${label}, wanted 0-${classes - 1}`);
    }
    return new GuidedDenoiser(this.#network, {
      conditional: this.#network.conditionRow([label]),
      unconditional: this.#network.conditionRow([classes]),
      guidanceScale: options.guidanceScale,
      guidedChannels: Math.min(GUIDED_CHANNELS, this.latentShape[0]),
      predictionType: this.#scheduler.predictionType,
      schedule: options.schedule,
      batchSize: options.batchSize,
    });
  }

  /** Image of a latent, `[channels, height, width]`. */
  decode(latent: Float64Array, signal?: AbortSignal): Promise<Image> {
    return this.#decoder.decode(latent, signal);
  }

  /** Closes every network, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network.close();
    await this.#decoder.close();
  }
}

/**
 * Folder of a DiT; opens no network.
 *
 * @throws {ModelError} naming the parts that are missing
 */
export async function openDitFolder(
  path: string,
  { vaePath, fp16 }: Pick<PipelineOptions, "vaePath" | "fp16"> = {},
): Promise<ModelFolder> {
  const networks = vaePath === undefined ? [NETWORK, "vae_decoder"] : [NETWORK];
  return await ModelFolder.open(path, { networks, fp16 });
}
