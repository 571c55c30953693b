/**
 * Parallel sampling of diffusion models: ParaTAA (Tang et al., ICML 2024) and TQN, on ONNX
 * Runtime's C API, for Deno and TypeScript.
 *
 * A pipeline opens a model folder, creates the schedule and a {@link Denoiser} for a condition, and
 * decodes latents to images. A solver samples all steps of a window at once.
 *
 * | entry | content |
 * |---|---|
 * | `@parataa/parataa/sampling` | schedules, solvers, noise: typed arrays only |
 * | `@parataa/parataa/ort` | ONNX Runtime: sessions, tensors, devices |
 * | `@parataa/parataa/formats` | files: npy, safetensors, PyTorch checkpoints, ONNX, PNG |
 * | `@parataa/parataa/pipelines` | model folders: denoisers for conditions, decoding of latents |
 * | `@parataa/parataa/runs` | runs as functions: sample, resume, verify, rerun, read |
 * | `@parataa/parataa` | all of these, and PNG, conversion of checkpoints, downloads, plots |
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
// The other entries.
export * from "./formats.ts";
export * from "./ort.ts";
export * from "./pipelines.ts";
export * from "./runs.ts";
export * from "./sampling.ts";

// Images.
export { contactSheet, type ContactSheetOptions } from "./src/images/contact_sheet.ts";
export { encodePng } from "./src/images/encode_png.ts";
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

// Models from a hub.
export {
  type FetchedModel,
  type FetchEvent,
  fetchModel,
  type FetchOptions,
} from "./src/hub/fetch_model.ts";
export type { HubFile } from "./src/hub/hub_listing.ts";
export type { FileChoice } from "./src/hub/needed_files.ts";
export type { Patience } from "./src/hub/transient_fault.ts";

// Conversion of checkpoints.
export {
  convertDit,
  type ConvertDitOptions,
  type ConvertedDit,
} from "./src/convert/dit/convert_dit.ts";
export {
  type ConvertedVae,
  convertVae,
  type ConvertVaeOptions,
} from "./src/convert/vae/convert_vae.ts";
export type { DitArchitecture } from "./src/convert/dit/dit_architecture.ts";
export type { DitPrediction } from "./src/convert/dit/dit_graph.ts";
export {
  convertTextEncoder,
  type ConvertTextEncoderOptions,
} from "./src/convert/text_encoder/convert_text_encoder.ts";
export { type TextConfig, textConfig } from "./src/convert/text_encoder/text_config.ts";
export type { TextOutputs } from "./src/convert/text_encoder/text_graph.ts";
export { convertUnet, type ConvertUnetOptions } from "./src/convert/unet/convert_unet.ts";
export type { UnetInterface } from "./src/convert/unet/unet_graph.ts";
export { type UnetConfig, unetConfig } from "./src/convert/unet/unet_config.ts";
export {
  openSingleFile,
  type SingleFile,
  type SingleFileOptions,
} from "./src/convert/single_file/single_file.ts";
export type { SingleFileKind } from "./src/convert/single_file/single_file_kind.ts";
export type { FloatType } from "./src/convert/layers/graph_builder.ts";
export type { ConvertedNetwork, NetworkOptions } from "./src/convert/network.ts";
export type { PieceOptions } from "./src/convert/weights_file.ts";
export { type VaeConfig, vaeConfig } from "./src/convert/vae/vae_config.ts";
export type { WeightStorage } from "./src/convert/weight_storage.ts";
