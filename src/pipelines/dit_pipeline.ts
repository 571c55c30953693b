/**
 * Class-conditional diffusion transformers (Peebles & Xie, "Scalable diffusion models with
 * transformers", 2023).
 * @module
 */
import {
  createModelSchedule,
  type ModelSchedule,
  type ScheduleRequest,
} from "../models/schedulers/model_schedule.ts";
import { readSchedulerFile, type SchedulerFile } from "../models/schedulers/scheduler_file.ts";
import type { Environment } from "../runtime/environment.ts";
import { ClassPipeline, openClassFolder, openClassPipeline } from "./class_pipeline.ts";
import type { PipelineParts } from "./network_pipeline.ts";
import type { PipelineOptions } from "./latent_pipeline.ts";

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
 * for await (const round of parallelSample(denoiser, { schedule, noise })) {
 *   sample = round.sample.slice();
 * }
 * const { width, height, data } = await pipeline.decode(sample);
 * assert.deepEqual([width, height, data.length], [64, 64, 64 * 64 * 3]);
 * ```
 */
export class DitPipeline extends ClassPipeline {
  readonly #scheduler: SchedulerFile;

  private constructor(parts: PipelineParts, scheduler: SchedulerFile) {
    const { predictionType, notes } = scheduler;
    const guidedChannels = Math.min(GUIDED_CHANNELS, parts.network.latentShape[0]);
    super(parts, { predictionType, guidedChannels, notes });
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
    const folder = await openClassFolder(path, options);
    const scheduler = await readSchedulerFile(folder, { kind: "dit", ...options });
    const make = (parts: PipelineParts) => new DitPipeline(parts, scheduler);
    return await openClassPipeline(env, folder, options, make);
  }

  /** Schedule of the model; by default the respaced one of the official DiT. */
  createSchedule(options: ScheduleRequest): ModelSchedule {
    return createModelSchedule(this.#scheduler, options, { kind: "dit", path: this.folder.path });
  }
}
