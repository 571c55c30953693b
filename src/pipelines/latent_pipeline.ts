/** Interface of pipelines: schedule, denoisers, and decoding of latents. @module */
import { join } from "node:path";
import { type PerRowModel, perRowTimesteps } from "../models/networks/per_row_timesteps.ts";
import { configNumber, ModelFolder } from "../models/model_folder.ts";
import type { Image } from "../images/image.ts";
import { VaeDecoder } from "../models/vae.ts";
import type { OpenOptions } from "../models/networks/open_network.ts";
import type { ServedNetwork } from "../devices/admission.ts";
import type { DeviceReport } from "../devices/device.ts";
import { areServed } from "../devices/remote/remote_device.ts";
import { VaeEncoder } from "../models/vae_encoder.ts";
import { DEFAULT_SCALING_FACTOR, type VaeOptions } from "../models/vae_network.ts";
import type { LatentShape } from "../models/networks/network_contract.ts";
import type { Environment } from "../runtime/environment.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import type { ModelSchedule, ScheduleRequest } from "../models/schedulers/model_schedule.ts";
import type { SchedulerName } from "../models/schedulers/scheduler_names.ts";
import type { Schedule } from "../sampling/schedules/schedule.ts";

/** Options of the device pool of the denoiser. */
export type PoolOptions = Omit<OpenOptions, "file" | "patchTimestep">;

/** Options of opening a pipeline. */
export interface PipelineOptions {
  /** Folder of a replacement VAE. */
  vaePath?: string;
  /** Use `model_fp16.onnx` files. */
  fp16?: boolean;
  /** Scheduler in place of the class that `scheduler_config.json` names; its other keys hold. */
  scheduler?: SchedulerName;
  /** Provider, threads and other options of every session. */
  session?: SessionOptions;
  /**
   * Devices that share the rows of the denoiser; one session with the options of `session` by
   * default.
   */
  pool?: PoolOptions;
}

/** Schedule and guidance of a denoiser. */
export interface DenoiserOptions {
  /** Schedule of the chain. */
  schedule: Schedule;
  /** Guidance scale w; 1 disables guidance. */
  guidanceScale: number;
  /** Maximum network rows per call. */
  batchSize?: number;
}

/** Environment and options of an open pipeline. */
export interface PipelineOrigin {
  /** Environment of the ONNX Runtime library. */
  environment: Environment;
  /** Options of the pipeline, with the requested image size. */
  options: PipelineOptions & { height?: number; width?: number };
}

/**
 * Common part of the pipelines. Each creates denoisers from its own conditions: a class label or a
 * prompt.
 */
export interface LatentPipeline extends AsyncDisposable {
  /** Environment and options it was opened with. */
  readonly origin: PipelineOrigin;
  /** Model folder. */
  readonly folder: ModelFolder;
  /** Shape of a latent, `[channels, height, width]`. */
  readonly latentShape: LatentShape;
  /** Files of the open networks and their external data, by name in the folder. */
  readonly networkFiles: ReadonlyMap<string, string>;
  /**
   * Configuration and tokenizer files, by name in the folder; `undefined` for a file that does not
   * exist.
   */
  readonly configFiles: ReadonlyMap<string, string | undefined>;
  /** Folder of the denoiser network: `transformer` or `unet`. */
  readonly denoiserPart: string;
  /** Notes on how the networks are run, one per line. */
  readonly notes: readonly string[];
  /** Operators that require one call per row of the denoiser; usually none. */
  readonly batchWide: readonly string[];
  /** Models on servers that evaluate the denoiser's rows; empty if only this machine does. */
  readonly served: readonly ServedNetwork[];
  /** Statistics of the denoiser's devices. */
  readonly devices: readonly DeviceReport[];
  /**
   * Calls every padded size once and returns the sizes. `rows` is the maximum of one evaluation.
   */
  warmUp(rows: number): Promise<readonly number[]>;
  /** Schedule of the model with `numInferenceSteps` steps. */
  createSchedule(options: ScheduleRequest): ModelSchedule;
  /** Decodes a scaled latent to an image. */
  decode(latent: Float64Array, signal?: AbortSignal): Promise<Image>;
}

/** Patches a network that was exported with one timestep for the whole batch. */
export function patchTimestep(bytes: Uint8Array, file: string): PerRowModel {
  return perRowTimesteps(bytes, { file });
}

/**
 * Path of the denoiser's network. A folder whose denoiser is on servers need not have it; if it
 * does, its hash is recorded.
 */
export async function denoiserFile(
  folder: ModelFolder,
  part: string,
  { pool = {} }: PipelineOptions,
): Promise<string> {
  if (areServed(pool) && !await folder.hasNetwork(part)) return `the served ${part}`;
  return await folder.network(part);
}

/** Opens the VAE decoder of `vaePath`, or of the model folder. */
export async function openDecoder(
  env: Environment,
  folder: ModelFolder,
  latentShape: LatentShape,
  options: PipelineOptions,
): Promise<{ decoder: VaeDecoder; source: ModelFolder }> {
  const vae = await vaeOptions("vae_decoder", folder, latentShape, options);
  return { decoder: await VaeDecoder.open(env, vae), source: vae.source };
}

/**
 * Opens the VAE encoder of `vaePath`, or of the model folder.
 *
 * @throws {ModelError} naming the missing part
 */
export async function openEncoder(
  env: Environment,
  folder: ModelFolder,
  latentShape: LatentShape,
  options: PipelineOptions,
): Promise<{ encoder: VaeEncoder; source: ModelFolder }> {
  const vae = await vaeOptions("vae_encoder", folder, latentShape, options);
  return { encoder: await VaeEncoder.open(env, vae), source: vae.source };
}

/** A VAE folder needs no `model_index.json`, since it is a part of a model. */
async function vaeOptions(
  part: "vae_decoder" | "vae_encoder",
  folder: ModelFolder,
  latentShape: LatentShape,
  { vaePath = folder.vaePath, fp16, session }: PipelineOptions,
): Promise<VaeOptions & { source: ModelFolder }> {
  const source = await ModelFolder.open(vaePath, { networks: [part], fp16, part: true });
  // Encoder and decoder both have a scaling factor; latents are sampled for the decoder's.
  const config = await source.config(join("vae_decoder", "config.json"));
  const scalingFactor = configNumber(config, "scaling_factor", DEFAULT_SCALING_FACTOR);
  // The config of a VAE without a shift has null.
  const shiftFactor = config.shift_factor === null ? 0 : configNumber(config, "shift_factor", 0);
  const file = await source.network(part);
  return { file, source, scalingFactor, shiftFactor, latentShape, session };
}

/**
 * Pixels per latent element. Every VAE level but one halves the image; 8 if the folder does not
 * specify the levels.
 */
export async function vaeScale(
  folder: ModelFolder,
  { vaePath = folder.vaePath }: PipelineOptions,
): Promise<number> {
  const vae = vaePath === folder.path
    ? folder
    : await ModelFolder.open(vaePath, { networks: [], part: true });
  const { block_out_channels: levels } = await vae.config(join("vae_decoder", "config.json"));
  return Array.isArray(levels) ? 2 ** (levels.length - 1) : 8;
}
