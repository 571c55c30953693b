/**
 * Class-conditional rectified flows (Esser et al., "Scaling rectified flow transformers for
 * high-resolution image synthesis", 2024).
 * @module
 */
import { ModelError } from "../errors.ts";
import type { Image } from "../images/image.ts";
import { type FlowScheduler, readFlowSchedulerFile } from "../models/schedulers/flow_scheduler.ts";
import {
  createModelSchedule,
  type ModelSchedule,
  type ScheduleRequest,
} from "../models/schedulers/model_schedule.ts";
import { FLOAT_TYPES } from "../models/networks/tensor_contract.ts";
import type { Environment } from "../runtime/environment.ts";
import { ClassPipeline, openClassFolder, openClassPipeline } from "./class_pipeline.ts";
import type { PipelineParts } from "./network_pipeline.ts";
import { type PipelineOptions, vaeScale } from "./latent_pipeline.ts";

/**
 * A class-conditional flow transformer, and its VAE.
 *
 * @example An image of class 6, all steps at once
 * ```ts
 * import { Environment, FlowPipeline, solve, TorchGenerator } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * using env = Environment.open();
 * await using pipeline = await FlowPipeline.open(env, "models/flow-emoji");
 * const schedule = pipeline.createSchedule({ numInferenceSteps: 10 });
 * const denoiser = pipeline.createDenoiser(6, { schedule, guidanceScale: 3 });
 * const noise = new TorchGenerator(0).randn(11 * denoiser.rowSize);
 * const { sample } = await solve(denoiser, { schedule, noise });
 * assert.equal((await pipeline.decode(sample)).width, 64);
 * ```
 */
export class FlowPipeline extends ClassPipeline {
  readonly #scheduler: FlowScheduler;
  readonly #scale: number;

  private constructor(parts: PipelineParts, scheduler: FlowScheduler, scale: number) {
    super(parts, scheduler);
    expectFractions(parts);
    this.#scheduler = scheduler;
    this.#scale = scale;
  }

  /**
   * Opens `transformer/model.onnx` and the VAE's decoder, of the model folder or of the folder
   * beside it that `model_index.json` names as `shared_vae`.
   *
   * @throws {ModelError} when a part is missing, cannot be loaded or lacks a required input or
   *   output, or the scheduler is of another kind of model
   */
  static async open(
    env: Environment,
    path: string,
    options: PipelineOptions = {},
  ): Promise<FlowPipeline> {
    const folder = await openClassFolder(path, options);
    const scheduler = await readFlowSchedulerFile(folder, options);
    const scale = await vaeScale(folder, options);
    const make = (parts: PipelineParts) => new FlowPipeline(parts, scheduler, scale);
    return await openClassPipeline(env, folder, options, make);
  }

  /** Size of the images in pixels. */
  get imageSize(): { width: number; height: number } {
    const [, height, width] = this.latentShape;
    return { width: width * this.#scale, height: height * this.#scale };
  }

  /**
   * Euler's steps on the model's levels.
   *
   * @throws {UsageError} when `eta` is not 0, since Euler's method adds no noise, or when a list of
   *   levels is not taken
   * @throws {ModelError} when the model has no schedule with this number of steps
   */
  createSchedule(options: ScheduleRequest): ModelSchedule {
    return createModelSchedule(this.#scheduler, options, { kind: "dit", path: this.folder.path });
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
}

/** Refuses integer timesteps, because a flow's timestep 1000 σ is rarely whole. */
function expectFractions({ folder, network }: PipelineParts): void {
  const { name, type } = network.contract.timestep;
  if (!/^int/.test(type)) return;
  throw new ModelError(
    `${folder.path}/transformer/model.onnx: ${name} is ${type}, wanted one of ${
      FLOAT_TYPES.join(", ")
    }, as a flow's levels are no whole numbers`,
  );
}
