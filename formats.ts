/**
 * Readers and writers of the files of a diffusion model: NumPy arrays, safetensors, PyTorch
 * checkpoints, ONNX, PNG, JPEG, JSON. Bytes are untrusted: sizes are validated before memory is
 * allocated, and nothing in a file is executed. No FFI, no network. Only functions that open a path
 * need the permission to read it.
 *
 * - {@link openTensors} opens a checkpoint by path: safetensors, shards with an index, `.pt` and
 *   `.bin`.
 * - {@link readNpy}, {@link writeNpy}, {@link readSafetensors}, {@link writeSafetensors} work on
 *   bytes.
 * - {@link readOnnx} reads an ONNX network without ONNX Runtime.
 * - {@link decodePng}, {@link verifyPng}, {@link readPngText}, {@link verifyJpeg} read images.
 *
 * @example
 * ```ts
 * import { readNpy, writeNpy } from "@parataa/parataa/formats";
 * import assert from "node:assert/strict";
 *
 * const bytes = writeNpy([2, 2], Float32Array.of(1, 2, 3, 4));
 * assert.deepEqual(readNpy(bytes).shape, [2, 2]);
 * ```
 * @module
 */
export * from "./src/errors.ts";
export type { ByteSource } from "./src/formats/byte_source.ts";
export type {
  ListedDtype,
  SafetensorsData,
  SafetensorsDtype,
} from "./src/formats/element_types.ts";
export { FileSource } from "./src/formats/file_source.ts";
export { type A1111Parameters, formatA1111 } from "./src/images/a1111.ts";
export { type ImageFile, verifyImage } from "./src/images/image_file.ts";
export { type Jpeg, verifyJpeg } from "./src/images/jpeg.ts";
export { type Png, type PngChunk, verifyPng } from "./src/images/png.ts";
export { decodePng, type RgbaImage } from "./src/images/png_pixels.ts";
export { insertPngText, readPngText } from "./src/images/png_text.ts";
export {
  type JsonObject,
  type JsonValue,
  readJson,
  type ReadJsonOptions,
} from "./src/formats/json.ts";
export { type NpyArray, readNpy, writeNpy } from "./src/formats/npy/npy.ts";
export type { NpyData, NpyDescr } from "./src/formats/npy/npy_header.ts";
export { type PlacedNetwork, placeNetwork } from "./src/formats/onnx/external_files.ts";
export { readOnnx } from "./src/formats/onnx/onnx.ts";
export { externalFiles } from "./src/formats/onnx/onnx_external.ts";
export type * from "./src/formats/onnx/onnx_types.ts";
export type { ByteRange, ProtobufField } from "./src/formats/onnx/protobuf.ts";
export {
  openTensorFile,
  type OpenTensors,
  openTensors,
  type OpenTensorsOptions,
} from "./src/formats/open_tensors.ts";
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
export {
  ShardedTensors,
  type ShardedTensorsOptions,
} from "./src/formats/safetensors/sharded_tensors.ts";
export {
  tensorChunks,
  type TensorEntry,
  type TensorFile,
  type TensorRange,
} from "./src/formats/tensor_file.ts";
export { TorchFile, type TorchFileOptions } from "./src/formats/torch/torch_file.ts";
