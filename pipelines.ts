/**
 * Pipelines open a model folder, create denoisers for conditions and decode latents to images. This
 * entry includes the solvers of `@parataa/parataa/sampling` and ONNX Runtime of
 * `@parataa/parataa/ort`. Needs `--allow-ffi` and the permission to read the model and the library.
 *
 * - {@link DitPipeline} and {@link FlowPipeline} draw classes, {@link StableDiffusionPipeline}
 *   prompts.
 * - {@link GuidedDenoiser} applies classifier-free guidance to a {@link ConditionalNetwork}, such
 *   as your own network.
 * - {@link ModelFolder} finds the parts of a model, {@link ClipTokenizer} encodes prompts as ids.
 *
 * @example
 * ```ts
 * import { DitPipeline, Environment, solve, TorchGenerator } from "@parataa/parataa/pipelines";
 * import assert from "node:assert/strict";
 *
 * using env = Environment.open();
 * await using pipeline = await DitPipeline.open(env, "models/dit-emoji");
 * const schedule = pipeline.createSchedule({ numInferenceSteps: 6 });
 * const denoiser = pipeline.createDenoiser(6, { schedule, guidanceScale: 4 });
 * const noise = new TorchGenerator(0).randn(7 * denoiser.rowSize);
 * const { sample } = await solve(denoiser, { schedule, noise });
 * assert.equal((await pipeline.decode(sample)).width, 64);
 * ```
 * @module
 */
export * from "./ort.ts";
export * from "./sampling.ts";
export type { JsonObject, JsonValue } from "./src/formats/json.ts";
export type { Image } from "./src/images/image.ts";

// Pipelines: a model folder from conditions to images.
export { ClassPipeline } from "./src/pipelines/class_pipeline.ts";
export { DitPipeline } from "./src/pipelines/dit_pipeline.ts";
export { FlowPipeline } from "./src/pipelines/flow_pipeline.ts";
export type {
  DenoiserOptions,
  LatentPipeline,
  PipelineOptions,
  PipelineOrigin,
  PoolOptions,
} from "./src/pipelines/latent_pipeline.ts";
export { NetworkPipeline } from "./src/pipelines/network_pipeline.ts";
export {
  type StableDiffusionOptions,
  StableDiffusionPipeline,
  type TextCondition,
} from "./src/pipelines/stable_diffusion_pipeline.ts";
export type { ModelSchedule, ScheduleRequest } from "./src/models/schedulers/model_schedule.ts";
export type { SchedulerName, StepRule } from "./src/models/schedulers/scheduler_names.ts";

// Networks and what a model folder holds.
export type { TextEmbedding } from "./src/models/text_encoder_network.ts";
export type { ClassNames } from "./src/models/class_names.ts";
export { ClipTokenizer, type ClipTokens } from "./src/models/tokenizer/clip_tokenizer.ts";
export {
  ConditionalNetwork,
  type ConditionalNetworkOptions,
  type NetworkRunOptions,
} from "./src/models/networks/conditional_network.ts";
export { GuidedDenoiser, type GuidedDenoiserOptions } from "./src/models/guided_denoiser.ts";
export { ModelFolder, type ModelFolderOptions, type ModelKind } from "./src/models/model_folder.ts";
export type { ConstantInput } from "./src/models/networks/constant_inputs.ts";
export type {
  ConditionInput,
  ConditionTensor,
  ContractOptions,
  LatentShape,
  NetworkContract,
} from "./src/models/networks/network_contract.ts";
export type { OpenOptions, PatchTimestep } from "./src/models/networks/open_network.ts";
export {
  type PerRowModel,
  perRowTimesteps,
  type PerRowTimestepsOptions,
} from "./src/models/networks/per_row_timesteps.ts";
export type { ConditionRow, NetworkRows } from "./src/models/networks/row_buffers.ts";
export type { PredictionType } from "./src/sampling/schedules/output_weights.ts";
export type { CheckedTensor } from "./src/models/networks/tensor_contract.ts";
