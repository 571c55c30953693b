/**
 * Parallel sampling of diffusion models: ParaTAA (Tang et al., ICML 2024) and TQN, on ONNX Runtime's C API, for Deno and TypeScript.
 *
 * A pipeline opens a model folder, gives the schedule and a {@link Denoiser} for a condition, and turns latents into images. A solver
 * samples all steps of a window at once.
 *
 * | part | has |
 * |---|---|
 * | `@parataa/parataa/sampling` | schedules, solvers, noise: typed arrays alone |
 * | `@parataa/parataa/ort` | ONNX Runtime: sessions, tensors, devices |
 * | `@parataa/parataa/formats` | files: npy, safetensors, PyTorch checkpoints, ONNX, PNG |
 * | here | all of these, and pipelines, networks, images, conversion, plots |
 *
 * @example An image of a class from the model that ships with parataa
 * ```ts
 * import { DitPipeline, encodePng, Environment, solve, TorchGenerator } from "@parataa/parataa";
 * import assert from "node:assert/strict";
 *
 * using env = Environment.open();
 * await using pipeline = await DitPipeline.open(env, "models/dit-emoji");
 * const schedule = pipeline.createSchedule({ numInferenceSteps: 10 });
 * const denoiser = pipeline.createDenoiser(6, { schedule, guidanceScale: 4 });
 * const noise = new TorchGenerator(0).randn(11 * denoiser.rowSize);
 * const { sample } = await solve(denoiser, { schedule, noise });
 * const png = encodePng(await pipeline.decode(sample));
 * assert.ok(png.length > 0);
 * ```
 * @module
 */
// The parts that have an entry of their own.
export * from "./formats.ts";
export * from "./ort.ts";
export * from "./sampling.ts";

// Pipelines: a model folder from conditions to images.
export { DitPipeline } from "./src/pipelines/dit_pipeline.ts";
export type {
  DenoiserOptions,
  LatentPipeline,
  PipelineOptions,
  PipelineOrigin,
  PoolOptions,
} from "./src/pipelines/latent_pipeline.ts";
export {
  type StableDiffusionOptions,
  StableDiffusionPipeline,
  type TextCondition,
} from "./src/pipelines/stable_diffusion_pipeline.ts";

// Runs: settings in, a folder and a typed result out; what the commands do, as functions.
export { planRun } from "./src/jobs/plan_run.ts";
export { type Repetition, rerunRun, type RerunSettings } from "./src/jobs/rerun_run.ts";
export { resumeRun } from "./src/jobs/resume_run.ts";
export { sampleRun } from "./src/jobs/sample_run.ts";
export { type Verification, verifyRun, type VerifySettings } from "./src/jobs/verify_run.ts";
export type { RunFigures, RunResult } from "./src/jobs/run_result.ts";
export type {
  NoteEvent,
  RoundEvent,
  RunEvent,
  SampleEvent,
  StartEvent,
  VerifiedSampleEvent,
  WatchOptions,
} from "./src/jobs/progress.ts";
export type { BatchTime } from "./src/jobs/planning/batch_times.ts";
export type { Plan, WindowPlan } from "./src/jobs/planning/plan_window.ts";
export type { Overall } from "./src/jobs/verification.ts";
export type { Cost, VerifiedSample } from "./src/jobs/verified_sample.ts";
export type { MethodName } from "./src/arguments/methods.ts";
export type {
  DitSettings,
  Overrides,
  RunSettings,
  SdSettings,
  SdWinitSettings,
  SharedSettings,
  Task,
  TextSettings,
} from "./src/arguments/settings.ts";
export type { Difference, FileComparison } from "./src/runs/compare_runs.ts";
export type { Host } from "./src/runs/host.ts";
export type { LatentDifference } from "./src/runs/latent_difference.ts";
export type { Manifest, RunStatus, SampleRecord } from "./src/runs/manifest.ts";
export type { RoundRow } from "./src/runs/rounds_file.ts";
export type { RunSample } from "./src/runs/run_sample.ts";
export type { Digest } from "./src/storage/hash.ts";

// Networks and what a model folder holds.
export type { TextEmbedding } from "./src/models/clip_text_encoder.ts";
export type { ClassNames } from "./src/models/class_names.ts";
export { ClipTokenizer, type ClipTokens } from "./src/models/tokenizer/clip_tokenizer.ts";
export {
  ConditionalNetwork,
  type ConditionalNetworkOptions,
  type NetworkRunOptions,
} from "./src/models/networks/conditional_network.ts";
export { GuidedDenoiser, type GuidedDenoiserOptions } from "./src/models/guided_denoiser.ts";
export { ModelFolder, type ModelFolderOptions } from "./src/models/model_folder.ts";
export type {
  ContractOptions,
  LatentShape,
  NetworkContract,
} from "./src/models/networks/network_contract.ts";
export type { MendTimestep, OpenOptions } from "./src/models/networks/open_network.ts";
export {
  type PerRowModel,
  perRowTimesteps,
  type PerRowTimestepsOptions,
} from "./src/models/networks/per_row_timesteps.ts";
export type { ConditionRow, NetworkRows } from "./src/models/networks/row_buffers.ts";
export type { PredictionType } from "./src/models/scheduler_file.ts";
export type { CheckedTensor } from "./src/models/networks/tensor_contract.ts";

// Images.
export { psnr, ssim } from "./src/images/image_metrics.ts";
export { contactSheet, type ContactSheetOptions } from "./src/images/contact_sheet.ts";
export { encodePng } from "./src/images/encode_png.ts";
export type { Image } from "./src/images/image.ts";
export { readImage, type ReadImageOptions } from "./src/images/read_image.ts";

// Plots.
export {
  type AxisScale,
  type Curve,
  curvePanel,
  type Line,
  linePanel,
} from "./src/report/chart.ts";
export { numberSeries, type SeriesNumber } from "./src/report/series.ts";
export { figure, type Panel } from "./src/report/svg.ts";

// Conversion of checkpoints.
export {
  convertDit,
  type ConvertDitOptions,
  type ConvertedDit,
  type NetworkOptions,
} from "./src/convert/convert_dit.ts";
export {
  type ConvertedVae,
  convertVae,
  type ConvertVaeOptions,
} from "./src/convert/convert_vae.ts";
export type { DitArchitecture } from "./src/convert/dit_architecture.ts";
export type { DitPrediction } from "./src/convert/dit_graph.ts";
export type { FloatType } from "./src/convert/graph_builder.ts";
export type { ConvertedNetwork } from "./src/convert/network.ts";
export { type VaeConfig, vaeConfig } from "./src/convert/vae_config.ts";
export type { WeightStorage } from "./src/convert/weight_storage.ts";
