/**
 * The CUDA execution provider: asking for it, and saying in one line why it cannot be had.
 * @module
 */
import type { OrtApi } from "../../ffi/ort_api.ts";
import { OwnedPointer } from "../../ffi/owned_pointer.ts";
import { CStringArray, OutPointer } from "../../ffi/pointer.ts";
import { OrtError, trimOrtMessage } from "../../ffi/status.ts";
import { RuntimeLibraryError } from "../errors.ts";

/**
 * Appends CUDA to the options of a session.
 *
 * @throws {RuntimeLibraryError} naming what is missing
 */
export function appendCudaProvider(api: OrtApi, sessionOptions: Deno.PointerObject): void {
  try {
    append(api, sessionOptions);
  } catch (error) {
    throw error instanceof OrtError ? cudaUnavailable(error) : error;
  }
}

function append(api: OrtApi, sessionOptions: Deno.PointerObject): void {
  const out = new OutPointer();
  api.CreateCUDAProviderOptions(out.cell);
  const release = api.ReleaseCUDAProviderOptions;
  using cuda = new OwnedPointer(out.object, { kind: "CudaProviderOptions", release });
  const keys = new CStringArray(["device_id"]);
  const values = new CStringArray(["0"]);
  // This is the call that loads the provider's libraries; with a device_id it looks for the device too.
  api.UpdateCUDAProviderOptions(
    cuda.unsafeHandle,
    keys.pointers,
    values.pointers,
    BigInt(keys.length),
  );
  api.SessionOptionsAppendExecutionProvider_CUDA_V2(sessionOptions, cuda.unsafeHandle);
}

function cudaUnavailable(error: OrtError): RuntimeLibraryError {
  return new RuntimeLibraryError(describeCudaFailure(error.ortMessage), {
    hint: "install what is missing, or use the CPU provider (--provider cpu)",
    cause: error,
  });
}

/**
 * One line that says why CUDA cannot be had.
 *
 * @param message what ONNX Runtime said
 */
export function describeCudaFailure(message: string): string {
  const because = (reason: string) => `cannot use the CUDA provider: ${reason}`;
  const library = missingLibrary(message);
  if (library === "libcuda.so.1") {
    return because("libcuda.so.1 is missing, so no NVIDIA driver is installed");
  }
  if (library?.startsWith("libonnxruntime_providers_")) {
    return because(`${library} is missing beside libonnxruntime`);
  }
  if (library) return because(`${library} is missing, a library of NVIDIA's CUDA toolkit`);
  if (message.includes("CUDA execution provider is not enabled in this build")) {
    return because("this build of ONNX Runtime is without it");
  }
  const failure = /CUDA failure (\d+): (.*?)(?: ; |;|$)/.exec(message);
  if (failure) return because(`CUDA failure ${failure[1]}: ${failure[2].trim()}`);
  const option = /Unknown provider option: "(.*?)"/.exec(message);
  if (option) return because(`it has no option "${option[1]}"`);
  return because(trimOrtMessage(message));
}

/** The library that the loader did not find, by file name. */
function missingLibrary(message: string): string | undefined {
  return /(lib[\w.]+\.so[.\d]*): cannot open shared object/.exec(message)?.[1];
}
