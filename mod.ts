/** Public names of parataa, re-exported; nothing else lives here. @module */
export * from "./src/errors.ts";
export { ClipTokenizer, type ClipTokens } from "./src/models/clip_tokenizer.ts";
export {
  ConditionalNetwork,
  type ConditionalNetworkOptions,
  type NetworkRunOptions,
} from "./src/models/conditional_network.ts";
export type { MendTimestep, OpenOptions } from "./src/models/open_network.ts";
export type { ConditionRow, NetworkRows } from "./src/models/row_buffers.ts";
export { GuidedDenoiser, type GuidedDenoiserOptions } from "./src/models/guided_denoiser.ts";
export { ModelFolder, type ModelFolderOptions } from "./src/models/model_folder.ts";
export type {
  ContractOptions,
  LatentShape,
  NetworkContract,
} from "./src/models/network_contract.ts";
export type { PredictionType } from "./src/models/scheduler_file.ts";
export type { CheckedTensor } from "./src/models/tensor_contract.ts";
export type { TextEmbedding } from "./src/models/clip_text_encoder.ts";
export type { Image } from "./src/images/image.ts";
export { DitPipeline } from "./src/pipelines/dit_pipeline.ts";
export type {
  DenoiserOptions,
  LatentPipeline,
  PipelineOptions,
  PoolOptions,
} from "./src/pipelines/latent_pipeline.ts";
export {
  type StableDiffusionOptions,
  StableDiffusionPipeline,
  type TextCondition,
} from "./src/pipelines/stable_diffusion_pipeline.ts";
export {
  type AxisScale,
  type Curve,
  curvePanel,
  type Line,
  linePanel,
} from "./src/report/chart.ts";
export { figure, type Panel } from "./src/report/svg.ts";
export { contactSheet, type ContactSheetOptions, encodePng } from "./src/images/encode_png.ts";
export { readImage, type ReadImageOptions } from "./src/images/read_image.ts";
export type { Denoiser } from "./src/sampling/denoiser.ts";
export { TorchGenerator } from "./src/sampling/noise.ts";
export { renoise, type RenoiseOptions } from "./src/sampling/renoise.ts";
export type { Round, SampleResult } from "./src/sampling/results.ts";
export { createSchedule, type Schedule, type ScheduleOptions } from "./src/sampling/schedule.ts";
export { type OwnSchedule, scheduleFrom } from "./src/sampling/schedule_from.ts";
export { type ScheduleKind, type SchedulerConfig } from "./src/sampling/scheduler_config.ts";
export { type SequentialOptions, sequentialSample } from "./src/sampling/sequential_sampler.ts";
export { type A1111Parameters, formatA1111 } from "./src/formats/image/a1111.ts";
export type { ByteSource } from "./src/formats/byte_source.ts";
export type { SafetensorsData, SafetensorsDtype } from "./src/formats/element_types.ts";
export {
  openTensorFile,
  type OpenTensors,
  openTensors,
  type OpenTensorsOptions,
} from "./src/formats/open_tensors.ts";
export {
  ShardedTensors,
  type ShardedTensorsOptions,
} from "./src/formats/safetensors/sharded_tensors.ts";
export { TorchFile, type TorchFileOptions } from "./src/formats/torch/torch_file.ts";
export { FileSource } from "./src/formats/file_source.ts";
export {
  tensorChunks,
  type TensorEntry,
  type TensorFile,
  type TensorRange,
} from "./src/formats/tensor_file.ts";
export { type ImageFile, verifyImage } from "./src/formats/image/image_file.ts";
export { type Jpeg, verifyJpeg } from "./src/formats/image/jpeg.ts";
export {
  type JsonObject,
  type JsonValue,
  readJson,
  type ReadJsonOptions,
} from "./src/formats/json.ts";
export { type NpyArray, readNpy, writeNpy } from "./src/formats/npy/npy.ts";
export type { NpyData, NpyDescr } from "./src/formats/npy/npy_header.ts";
export { type Png, type PngChunk, verifyPng } from "./src/formats/image/png.ts";
export { decodePng, type RgbaImage } from "./src/formats/image/png_pixels.ts";
export { insertPngText, readPngText } from "./src/formats/image/png_text.ts";
export {
  readSafetensors,
  type Safetensors,
  SafetensorsFile,
  type SafetensorsTensor,
  writeSafetensors,
} from "./src/formats/safetensors/safetensors.ts";
export type {
  SafetensorsEntry,
  SafetensorsHeader,
} from "./src/formats/safetensors/safetensors_header.ts";
export type { ErrorCodeName, GraphOptimizationLevel, LogSeverityLevel } from "./ffi/ort_enums.ts";
export { OrtError } from "./ffi/status.ts";
export {
  type CudaDevice,
  type CudaDriver,
  cudaDriver,
  type CudaReady,
  cudaSessionOptions,
  openCuda,
  type OpenCudaOptions,
} from "./src/runtime/providers/cuda_devices.ts";
export type { CudaLibraryOptions, LoadedLibrary } from "./src/runtime/providers/cuda_libraries.ts";
export type { CudaOptions } from "./src/runtime/providers/cuda_options.ts";
export type { CallLimits } from "./src/runtime/devices/call_size.ts";
export type { DeviceReport, DeviceSpec, FaultReport } from "./src/runtime/devices/device.ts";
export type { PoolRunOptions } from "./src/runtime/devices/device_pool.ts";
export type { DevicePoolOptions } from "./src/runtime/devices/device_roster.ts";
export { Environment, type EnvironmentOptions } from "./src/runtime/environment.ts";
export { InferenceSession, type RunOptions } from "./src/runtime/inference_session.ts";
export { IoBinding, type IoBindingRunOptions } from "./src/runtime/io_binding.ts";
export type { ModelMetadata, TensorMetadata } from "./src/runtime/model_metadata.ts";
export type { Provider, SessionOptions } from "./src/runtime/session_options.ts";
export { Tensor } from "./src/runtime/tensor.ts";
export type { TensorData, TensorDataByType, TensorType } from "./src/runtime/tensor_type.ts";
export type { Precision } from "./src/sampling/alphas_cumprod.ts";
export type { Method, SampleOptions } from "./src/sampling/options.ts";
export { parallelSample } from "./src/sampling/parallel_sampler.ts";
export {
  type PerRowModel,
  perRowTimesteps,
  type PerRowTimestepsOptions,
} from "./src/models/per_row_timesteps.ts";
export { readOnnx } from "./src/formats/onnx/onnx.ts";
export { checkExternalFiles } from "./src/formats/onnx/external_files.ts";
export { externalFiles } from "./src/formats/onnx/onnx_external.ts";
export type * from "./src/formats/onnx/onnx_types.ts";
export type { ByteRange, ProtobufField } from "./src/formats/onnx/protobuf.ts";
export { LEAN_RTOL_RATIO, LEAN_TQN, type Preset } from "./src/sampling/presets.ts";
export type { TqnOptions } from "./src/sampling/tqn_options.ts";
export type {
  Questions,
  Solver,
  SolverFactory,
  SolverProblem,
  SolverWindow,
} from "./src/sampling/solver.ts";
export { solve, type SolveOptions } from "./src/sampling/solve.ts";
export { Window } from "./src/sampling/window.ts";
