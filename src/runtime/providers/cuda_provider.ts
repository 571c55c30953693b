/**
 * Asking ONNX Runtime for its CUDA execution provider.
 * @module
 */
import type { OrtApi } from "../../../ffi/ort_api.ts";
import { OwnedPointer } from "../../../ffi/owned_pointer.ts";
import { CStringArray, OutPointer } from "../../../ffi/pointer.ts";
import { OrtError } from "../../../ffi/status.ts";
import { describeCudaFailure } from "./cuda_failure.ts";
import { cudaOptionPairs, type CudaOptions } from "./cuda_options.ts";

/**
 * Appends CUDA to the options of a session.
 *
 * @throws {RuntimeLibraryError} naming what is missing
 * @throws {UsageError} naming an option that ONNX Runtime does not take
 */
export function appendCudaProvider(
  api: OrtApi,
  sessionOptions: Deno.PointerObject,
  options: CudaOptions = {},
): void {
  const pairs = cudaOptionPairs(options);
  try {
    append(api, sessionOptions, pairs);
  } catch (error) {
    throw error instanceof OrtError ? describeCudaFailure(error.ortMessage, error) : error;
  }
}

function append(
  api: OrtApi,
  sessionOptions: Deno.PointerObject,
  pairs: readonly [string, string][],
): void {
  const out = new OutPointer();
  api.CreateCUDAProviderOptions(out.cell);
  const release = api.ReleaseCUDAProviderOptions;
  using cuda = new OwnedPointer(out.object, { kind: "CudaProviderOptions", release });
  const keys = new CStringArray(pairs.map(([name]) => name));
  const values = new CStringArray(pairs.map(([, value]) => value));
  // This is the call that loads the provider's libraries; with a device_id it looks for the device
  // too.
  api.UpdateCUDAProviderOptions(
    cuda.unsafeHandle,
    keys.pointers,
    values.pointers,
    BigInt(keys.length),
  );
  api.SessionOptionsAppendExecutionProvider_CUDA_V2(sessionOptions, cuda.unsafeHandle);
}
