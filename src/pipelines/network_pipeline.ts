/** Common part of the pipelines: the denoiser network and the VAE. @module */
import type { ModelFolder } from "../models/model_folder.ts";
import type { ConditionalNetwork } from "../models/networks/conditional_network.ts";
import type { LatentShape } from "../models/networks/network_contract.ts";
import type { ModelSchedule, ScheduleRequest } from "../models/schedulers/model_schedule.ts";
import type { VaeDecoder } from "../models/vae.ts";
import type { VaeEncoder } from "../models/vae_encoder.ts";
import type { Image } from "../images/image.ts";
import type { ServedNetwork } from "../devices/admission.ts";
import type { DeviceReport } from "../devices/device.ts";
import { type LatentPipeline, openEncoder, type PipelineOrigin } from "./latent_pipeline.ts";

/** Networks of an open model folder. */
export interface PipelineParts {
  /** Environment and options they were opened with. */
  origin: PipelineOrigin;
  /** Model folder. */
  folder: ModelFolder;
  /** Folder of the VAE, which may be the model folder. */
  vae: ModelFolder;
  /** Folder of the denoiser inside the model folder. */
  denoiserPart: string;
  /** Denoiser. */
  network: ConditionalNetwork;
  /** Decoder of the VAE. */
  decoder: VaeDecoder;
}

/** A denoiser network and its VAE; what conditions the denoiser is up to the subclass. */
export abstract class NetworkPipeline implements LatentPipeline {
  /** Environment and options it was opened with. */
  readonly origin: PipelineOrigin;
  /** Model folder. */
  readonly folder: ModelFolder;
  /** Folder of the denoiser network. */
  readonly denoiserPart: string;
  /** Configuration and tokenizer files that were read, by name; `undefined` if absent. */
  readonly configFiles: ReadonlyMap<string, string | undefined>;
  readonly #networkFiles: Map<string, string>;
  readonly #parts: PipelineParts;
  readonly #notes: readonly string[];
  #encoder: Promise<VaeEncoder> | undefined;

  /**
   * A pipeline that owns the networks of `parts`; `notes` are those on the scheduler.
   *
   * @ignore
   */
  protected constructor(parts: PipelineParts, notes: readonly string[]) {
    const { origin, folder, vae, denoiserPart } = parts;
    this.origin = origin;
    this.folder = folder;
    this.denoiserPart = denoiserPart;
    this.configFiles = new Map([...folder.configFiles, ...vae.configFiles]);
    this.#networkFiles = new Map([...folder.networkFiles, ...vae.networkFiles]);
    this.#parts = parts;
    this.#notes = notes;
  }

  /** Schedule of the model with `numInferenceSteps` steps. */
  abstract createSchedule(options: ScheduleRequest): ModelSchedule;

  /** Files of the networks in use and of their external data, by name in the folder. */
  get networkFiles(): ReadonlyMap<string, string> {
    return this.#networkFiles;
  }

  /** Settings that were changed or ignored, one line each. */
  get notes(): readonly string[] {
    return [...this.#notes, ...this.#parts.network.notes];
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

  /** Image of a latent, `[channels, height, width]`. */
  decode(latent: Float64Array, signal?: AbortSignal): Promise<Image> {
    return this.#parts.decoder.decode(latent, signal);
  }

  /**
   * The VAE's encoder, which is opened at its first use.
   *
   * @ignore
   */
  protected encoder(): Promise<VaeEncoder> {
    return this.#encoder ??= this.#openEncoder();
  }

  async #openEncoder(): Promise<VaeEncoder> {
    const { environment, options } = this.origin;
    const { encoder, source } = await openEncoder(
      environment,
      this.folder,
      this.latentShape,
      options,
    );
    for (const [name, path] of source.networkFiles) this.#networkFiles.set(name, path);
    return encoder;
  }

  /** Closes every network that was opened, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    // a failure to open the encoder was thrown to its caller
    const encoder = await this.#encoder?.catch(() => undefined);
    await encoder?.close();
    await this.#parts.network.close();
    await this.#parts.decoder.close();
  }
}
