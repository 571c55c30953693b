/** What every pipeline offers: a schedule, and images from latents. @module */
import { join } from "node:path";
import { ModelError } from "../errors.ts";
import { type PerRowModel, perRowTimesteps } from "../models/networks/per_row_timesteps.ts";
import { configNumber, ModelFolder } from "../models/model_folder.ts";
import type { Image } from "../images/image.ts";
import { VaeDecoder } from "../models/vae.ts";
import type { OpenOptions } from "../models/networks/open_network.ts";
import type { DeviceReport } from "../runtime/devices/device.ts";
import { VaeEncoder } from "../models/vae_encoder.ts";
import { DEFAULT_SCALING_FACTOR, type VaeOptions } from "../models/vae_network.ts";
import type { LatentShape } from "../models/networks/network_contract.ts";
import type { Environment } from "../runtime/environment.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import {
  createSchedule,
  type Schedule,
  type ScheduleOptions,
} from "../sampling/schedules/schedule.ts";

/** Devices of the noise-predicting network. */
export type PoolOptions = Omit<OpenOptions, "file" | "mendTimestep">;

/** Where a pipeline's networks come from and how they run. */
export interface PipelineOptions {
  /** Another folder to take the VAE from. */
  vaePath?: string;
  /** Take `model_fp16.onnx` files. */
  fp16?: boolean;
  /** Provider, threads and the like of every session. */
  session?: SessionOptions;
  /** How the noise-predicting network's rows are spread; one session as `session` says by default. */
  pool?: PoolOptions;
}

/** Chain and guidance of one denoiser. */
export interface DenoiserOptions {
  /** Chain whose steps the denoiser is asked for. */
  schedule: Schedule;
  /** Guidance w; 1 is none. */
  guidanceScale: number;
  /** Most network rows in one call. */
  batchSize?: number;
}

/** Library and options that a pipeline was opened with. */
export interface PipelineOrigin {
  /** The library. */
  environment: Environment;
  /** Where its networks come from and how they run; the size of the images where one was asked for. */
  options: PipelineOptions & { height?: number; width?: number };
}

/** What pipelines have in common; each makes denoisers from conditions of its own, a class label or a prompt. */
export interface LatentPipeline extends AsyncDisposable {
  /** What it was opened with. */
  readonly origin: PipelineOrigin;
  /** The folder it was opened from. */
  readonly folder: ModelFolder;
  /** Sizes of a latent, `[channels, height, width]`. */
  readonly latentShape: LatentShape;
  /** Files of the networks in use and of their external data, by their names in the folder. */
  readonly networkFiles: ReadonlyMap<string, string>;
  /** Configurations and tokenizer files that were read, by their names in the folder; `undefined` for one that is absent. */
  readonly configFiles: ReadonlyMap<string, string | undefined>;
  /** The part of the folder that predicts the noise: `transformer`, `unet`. */
  readonly denoiserPart: string;
  /** What the user should know of how the networks are served, a line each. */
  readonly notes: readonly string[];
  /** Operators for which every row of the noise-predicting network has a call of its own; mostly none. */
  readonly batchWide: readonly string[];
  /** What every device of the noise-predicting network did so far. */
  readonly devices: readonly DeviceReport[];
  /** Runs every size of call once where sizes are padded; returns them. `rows` is the most that one evaluation will have. */
  warmUp(rows: number): Promise<readonly number[]>;
  /** The model's own schedule with `numInferenceSteps` steps. */
  createSchedule(options: { numInferenceSteps: number; eta?: number }): Schedule;
  /** Pixels of a scaled latent. */
  decode(latent: Float64Array, signal?: AbortSignal): Promise<Image>;
}

/** Mends a network that was exported with one timestep for the whole batch. */
export function mendTimestep(bytes: Uint8Array, file: string): PerRowModel {
  return perRowTimesteps(bytes, { file });
}

/** Opens the decoder of `vaePath`, or of the pipeline's own folder. */
export async function openDecoder(
  env: Environment,
  folder: ModelFolder,
  latentShape: LatentShape,
  options: PipelineOptions,
): Promise<{ decoder: VaeDecoder; source: ModelFolder }> {
  const vae = await vaeOptions("vae_decoder", folder, latentShape, options);
  return { decoder: await VaeDecoder.open(env, vae), source: vae.source };
}

/** Opens the encoder of `vaePath`, or of the pipeline's own folder. @throws {ModelError} naming what is missing */
export async function openEncoder(
  env: Environment,
  folder: ModelFolder,
  latentShape: LatentShape,
  options: PipelineOptions,
): Promise<{ encoder: VaeEncoder; source: ModelFolder }> {
  const vae = await vaeOptions("vae_encoder", folder, latentShape, options);
  return { encoder: await VaeEncoder.open(env, vae), source: vae.source };
}

/** A VAE's folder needs no `model_index.json`: it is a part of a model, not one. */
async function vaeOptions(
  part: "vae_decoder" | "vae_encoder",
  folder: ModelFolder,
  latentShape: LatentShape,
  { vaePath = folder.path, fp16, session }: PipelineOptions,
): Promise<VaeOptions & { source: ModelFolder }> {
  const source = await ModelFolder.open(vaePath, { networks: [part], fp16, part: true });
  // Both parts carry the factor; the decoder's is the one that latents are sampled for.
  const config = await source.config(join("vae_decoder", "config.json"));
  const scalingFactor = configNumber(config, "scaling_factor", DEFAULT_SCALING_FACTOR);
  const file = await source.network(part);
  return { file, source, scalingFactor, latentShape, session };
}

/** Pixels per latent element: every level of the VAE but one halves the image; 8 where the folder does not say. */
export async function vaeScale(folder: ModelFolder, { vaePath }: PipelineOptions): Promise<number> {
  const vae = vaePath === undefined
    ? folder
    : await ModelFolder.open(vaePath, { networks: [], part: true });
  const { block_out_channels: levels } = await vae.config(join("vae_decoder", "config.json"));
  return Array.isArray(levels) ? 2 ** (levels.length - 1) : 8;
}

/**
 * The model's schedule.
 *
 * @throws {ModelError} when the folder's noise levels make none with so many steps
 */
export function modelSchedule(folder: ModelFolder, options: ScheduleOptions): Schedule {
  try {
    return createSchedule(options);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ModelError(
      `${folder.path} has no schedule of ${options.numInferenceSteps} steps: ${cause.message}`,
      { hint: "scheduler/scheduler_config.json holds its noise levels", cause },
    );
  }
}
