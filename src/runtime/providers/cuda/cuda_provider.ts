/**
 * Appends the CUDA execution provider.
 * @module
 */
import { OwnedPointer } from "../../../../ffi/owned_pointer.ts";
import { OutPointer } from "../../../../ffi/pointer.ts";
import { nativePairs } from "../append_routes.ts";
import { cudaOptionPairs } from "./cuda_options.ts";
import type { AppendTarget, ProviderOptions, ProviderRow } from "../provider_row.ts";

/** Appends CUDA to the options of a session. @throws {OrtError} */
export function appendCuda(
  { api, sessionOptions }: AppendTarget,
  _: ProviderRow,
  { cuda, deviceId }: ProviderOptions,
): void {
  const device = deviceId === undefined ? {} : { device_id: Number(deviceId) };
  const pairs = cudaOptionPairs({ ...cuda, ...device });
  const out = new OutPointer();
  api.CreateCUDAProviderOptions(out.cell);
  const release = api.ReleaseCUDAProviderOptions;
  using native = new OwnedPointer(out.object, { kind: "CudaProviderOptions", release });
  const { keys, values, count } = nativePairs(pairs);
  // This call loads the provider's libraries, and checks the device if there is a device_id.
  api.UpdateCUDAProviderOptions(native.unsafeHandle, keys.pointers, values.pointers, count);
  api.SessionOptionsAppendExecutionProvider_CUDA_V2(sessionOptions, native.unsafeHandle);
}
