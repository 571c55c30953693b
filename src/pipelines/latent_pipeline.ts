/** What every pipeline offers: a schedule, a denoiser for a condition, and pictures from latents. @module */
import { join } from "node:path";
import { type PerRowModel, perRowTimesteps } from "../convert/per_row_timesteps.ts";
import type { GuidedDenoiser } from "../models/guided_denoiser.ts";
import { configNumber, ModelFolder } from "../models/model_folder.ts";
import { DEFAULT_SCALING_FACTOR, type Picture, VaeDecoder } from "../models/vae.ts";
import type { LatentShape } from "../models/network_contract.ts";
import type { Environment } from "../runtime/environment.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import type { Schedule } from "../sampling/schedule.ts";

/** Where a pipeline's networks come from and how they run. */
export interface PipelineOptions {
  /** Another folder to take the VAE from. */
  vaePath?: string;
  /** Take `model_fp16.onnx` files. */
  fp16?: boolean;
  session?: SessionOptions;
}

/** Chain and guidance of one denoiser. */
export interface DenoiserOptions {
  schedule: Schedule;
  guidanceScale: number;
  /** Most network rows in one call. */
  batchSize?: number;
}

/** A pipeline whose denoisers take a condition of type `C`: a class label, a prompt. */
export interface LatentPipeline<C> extends AsyncDisposable {
  /** The folder it was opened from. */
  readonly folder: ModelFolder;
  readonly latentShape: LatentShape;
  /** Files of the networks in use, by their name in the manifest. */
  readonly networkFiles: ReadonlyMap<string, string>;
  /** What the user should know of how the networks are served, a line each. */
  readonly notes: readonly string[];
  /** The model's own schedule with `numInferenceSteps` steps. */
  createSchedule(options: { numInferenceSteps: number; eta: number }): Schedule;
  /** The solver's view of the model under one condition. */
  createDenoiser(condition: C, options: DenoiserOptions): GuidedDenoiser;
  /** Pixels of a scaled latent. */
  decode(latent: Float64Array, signal?: AbortSignal): Promise<Picture>;
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
): Promise<{ decoder: VaeDecoder; file: string }> {
  const source = options.vaePath === undefined
    ? folder
    : await openVaeFolder(options.vaePath, options.fp16);
  const config = await source.config(join("vae_decoder", "config.json"));
  const scalingFactor = configNumber(config, "scaling_factor", DEFAULT_SCALING_FACTOR);
  const file = await source.networkPath("vae_decoder");
  const decoder = await VaeDecoder.open(env, {
    file,
    scalingFactor,
    latentShape,
    session: options.session,
  });
  return { decoder, file };
}

/** Pixels per latent element: every level of the VAE but one halves the picture; 8 where the folder does not say. */
export async function vaeScale(folder: ModelFolder): Promise<number> {
  const { block_out_channels: levels } = await folder.config(join("vae_decoder", "config.json"));
  return Array.isArray(levels) ? 2 ** (levels.length - 1) : 8;
}

/** A VAE's folder needs no `model_index.json`: it is a part of a model, not one. */
function openVaeFolder(path: string, fp16: boolean | undefined): Promise<ModelFolder> {
  return ModelFolder.open(path, { networks: ["vae_decoder"], fp16, part: true });
}
