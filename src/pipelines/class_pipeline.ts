/** Common part of the pipelines whose condition is a class label. @module */
import { type ClassNames, readClassNames } from "../models/class_names.ts";
import { GuidedDenoiser } from "../models/guided_denoiser.ts";
import { ModelFolder } from "../models/model_folder.ts";
import { ConditionalNetwork } from "../models/networks/conditional_network.ts";
import type { LatentShape } from "../models/networks/network_contract.ts";
import type { ModelSchedule, ScheduleRequest } from "../models/schedulers/model_schedule.ts";
import type { VaeDecoder } from "../models/vae.ts";
import type { Image } from "../images/image.ts";
import type { ServedNetwork } from "../devices/admission.ts";
import type { DeviceReport } from "../devices/device.ts";
import { areServed } from "../devices/remote/remote_device.ts";
import type { Environment } from "../runtime/environment.ts";
import type { PredictionType } from "../sampling/schedules/answers.ts";
import {
  denoiserFile,
  type DenoiserOptions,
  type LatentPipeline,
  mendTimestep,
  openDecoder,
  type PipelineOptions,
  type PipelineOrigin,
} from "./latent_pipeline.ts";

const NETWORK = "transformer";

/** Networks of an open model folder. */
export interface ClassParts {
  /** Environment and options they were opened with. */
  origin: PipelineOrigin;
  /** Model folder. */
  folder: ModelFolder;
  /** Folder of the VAE, which may be the model folder. */
  vae: ModelFolder;
  /** Denoiser. */
  network: ConditionalNetwork;
  /** Decoder of the VAE. */
  decoder: VaeDecoder;
}

/** How the network's answers are used. */
export interface ClassAnswers {
  /** What the network predicts. */
  predictionType: PredictionType;
  /** Leading latent channels that guidance changes; all by default. */
  guidedChannels?: number;
  /** Settings of the scheduler that were changed or ignored, one line each. */
  notes: readonly string[];
}

/** A transformer that is told a class, and the decoder of its VAE. */
export abstract class ClassPipeline implements LatentPipeline {
  /** Environment and options it was opened with. */
  readonly origin: PipelineOrigin;
  /** Model folder. */
  readonly folder: ModelFolder;
  /** Folder of the denoiser network. */
  readonly denoiserPart: string = NETWORK;
  /** Files of the networks in use and of their external data, by name in the folder. */
  readonly networkFiles: Map<string, string>;
  /** Configuration and tokenizer files that were read, by name; `undefined` if absent. */
  readonly configFiles: ReadonlyMap<string, string | undefined>;
  /** Names of every class; the first one is the display name. */
  readonly classNames: ClassNames;
  readonly #parts: ClassParts;
  readonly #answers: ClassAnswers;

  /**
   * A pipeline that owns the networks of `parts`.
   *
   * @ignore
   */
  protected constructor(parts: ClassParts, answers: ClassAnswers) {
    const { origin, folder, vae } = parts;
    this.origin = origin;
    this.folder = folder;
    this.networkFiles = new Map([...folder.networkFiles, ...vae.networkFiles]);
    this.configFiles = new Map([...folder.configFiles, ...vae.configFiles]);
    this.classNames = readClassNames(folder);
    this.#parts = parts;
    this.#answers = answers;
  }

  /** Schedule of the model with `numInferenceSteps` steps. */
  abstract createSchedule(options: ScheduleRequest): ModelSchedule;

  /** Settings that were changed or ignored, one line each. */
  get notes(): readonly string[] {
    return [...this.#answers.notes, ...this.#parts.network.notes];
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

  /**
   * Denoiser for class `label`. The null class is the one after the last.
   *
   * @throws {RangeError} when the class does not exist
   */
  createDenoiser(label: number, options: DenoiserOptions): GuidedDenoiser {
    const classes = this.classNames.length, { network } = this.#parts;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new RangeError(`class label is ${label}, wanted 0-${classes - 1}`);
    }
    const { predictionType, guidedChannels } = this.#answers;
    return new GuidedDenoiser(network, {
      conditional: network.conditionRow({ class_labels: [label] }),
      unconditional: network.conditionRow({ class_labels: [classes] }),
      guidanceScale: options.guidanceScale,
      guidedChannels,
      predictionType,
      schedule: options.schedule,
      batchSize: options.batchSize,
    });
  }

  /** Image of a latent, `[channels, height, width]`. */
  decode(latent: Float64Array, signal?: AbortSignal): Promise<Image> {
    return this.#parts.decoder.decode(latent, signal);
  }

  /** Closes every network, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.network.close();
    await this.#parts.decoder.close();
  }
}

/**
 * Opens `transformer/model.onnx` and the decoder.
 *
 * @param make wraps the networks; they are closed if it throws
 * @throws {ModelError} when a part is missing, cannot be loaded or lacks a required input or output
 */
export async function openClassPipeline<P>(
  env: Environment,
  folder: ModelFolder,
  options: PipelineOptions,
  make: (parts: ClassParts) => P,
): Promise<P> {
  const file = await denoiserFile(folder, NETWORK, options);
  await using stack = new AsyncDisposableStack();
  const network = stack.use(
    await ConditionalNetwork.open(env, {
      file,
      conditions: [{ name: "class_labels", shape: [] }],
      session: options.session,
      mendTimestep,
      ...options.pool,
    }),
  );
  const { decoder, source: vae } = await openDecoder(env, folder, network.latentShape, options);
  stack.use(decoder);
  const origin = { environment: env, options };
  const pipeline = make({ origin, folder, vae, network, decoder });
  stack.move();
  return pipeline;
}

/**
 * Folder of a class-conditional model; opens no network.
 *
 * @throws {ModelError} naming the parts that are missing
 */
export async function openClassFolder(
  path: string,
  { vaePath, fp16, pool = {} }: Pick<PipelineOptions, "vaePath" | "fp16" | "pool"> = {},
): Promise<ModelFolder> {
  const decoder = vaePath === undefined ? ["vae_decoder"] : [];
  const networks = areServed(pool) ? decoder : [NETWORK, ...decoder];
  return await ModelFolder.open(path, { networks, fp16 });
}
