/**
 * Errors of the CUDA provider.
 * @module
 */
import { trimOrtMessage } from "../../../../ffi/status.ts";
import { type ParataaError, type RuntimeLibraryError, UsageError } from "../../../errors.ts";
import { packageOf } from "./cuda_packages.ts";
import { providerUnavailable, USE_CPU } from "../provider_failure.ts";

/** The driver that ONNX Runtime's packages on PyPI need since they are built for CUDA 13. */
const DRIVER_FOR_CUDA_13 = "CUDA 13 needs driver 580 or newer, CUDA 12 needs 525";

/** The error if CUDA is unavailable. */
export function cudaUnavailable(
  reason: string,
  hint: string,
  cause?: unknown,
): RuntimeLibraryError {
  return providerUnavailable({ title: "CUDA" }, reason, { hint, cause });
}

/** There is no driver. */
export function noDriver(cause?: unknown): RuntimeLibraryError {
  const library = Deno.build.os === "windows" ? "nvcuda.dll" : "libcuda.so.1";
  return cudaUnavailable(`no NVIDIA driver (${library} is not on this machine)`, USE_CPU, cause);
}

/** A library of ONNX Runtime's own is not beside the core. */
export function noProviderLibrary(library: string, cause?: unknown): RuntimeLibraryError {
  return cudaUnavailable(
    `${library} is missing beside libonnxruntime`,
    "the wheel onnxruntime-gpu on PyPI has it, of the same version as the core: name that wheel's core with --ort_lib",
    cause,
  );
}

/** A library of NVIDIA's is missing. */
export function noCudaLibrary(library: string, cause?: unknown): RuntimeLibraryError {
  const name = packageOf(library);
  return cudaUnavailable(
    `${library} is missing${name ? `, PyPI's ${name} has it` : ""}`,
    "--cuda_libs names the folder of NVIDIA's libraries",
    cause,
  );
}

/**
 * Translates an error of ONNX Runtime that occurred while CUDA was appended.
 *
 * @param message its message
 * @param cause the error that carried it
 */
export function describeCudaFailure(message: string, cause?: unknown): ParataaError {
  const library = missingLibrary(message);
  if (library) return describeMissing(library, cause);
  if (message.includes("CUDA execution provider is not enabled in this build")) {
    return cudaUnavailable(
      "this build of ONNX Runtime is without it",
      "take the wheel onnxruntime-gpu on PyPI and name its core with --ort_lib",
      cause,
    );
  }
  const failure = /CUDA failure (\d+): (.*?)(?: ; |;|$)/.exec(message);
  if (failure) return describeCode(Number(failure[1]), failure[2].trim(), cause);
  return describeOption(message, cause) ??
    cudaUnavailable(trimOrtMessage(message), USE_CPU, cause);
}

function describeMissing(library: string, cause: unknown): RuntimeLibraryError {
  if (library === "libcuda.so.1") return noDriver(cause);
  if (library.startsWith("libonnxruntime_providers_")) return noProviderLibrary(library, cause);
  return noCudaLibrary(library, cause);
}

/** The library that the loader did not find, by file name. */
function missingLibrary(message: string): string | undefined {
  return /(lib[\w.]+\.so[.\d]*): cannot open shared object/.exec(message)?.[1];
}

/** Codes of CUDA's runtime that a user can do something about. */
function describeCode(code: number, text: string, cause: unknown): RuntimeLibraryError {
  const failure = `CUDA failure ${code}: ${text}`;
  switch (code) {
    case 2:
      return cudaUnavailable(
        `the device is out of memory (${failure})`,
        "--gpu_mem_limit and --batch_size bound what is taken",
        cause,
      );
    case 35:
    case 803:
      return cudaUnavailable(
        `the NVIDIA driver is too old for this CUDA (${failure})`,
        DRIVER_FOR_CUDA_13,
        cause,
      );
    case 100:
      return cudaUnavailable(
        `the NVIDIA driver sees no device (${failure})`,
        `check CUDA_VISIBLE_DEVICES, or ${USE_CPU}`,
        cause,
      );
    case 101:
      return cudaUnavailable(
        `there is no such device (${failure})`,
        "--list-devices lists them",
        cause,
      );
    default:
      return cudaUnavailable(failure, USE_CPU, cause);
  }
}

/**
 * Translates an error in the options, which ONNX Runtime checks before it creates a session.
 */
function describeOption(message: string, cause: unknown): ParataaError | undefined {
  const unknown = /Unknown provider option: "(.*?)"/.exec(message);
  if (unknown) {
    return new UsageError(
      `--cuda_options names ${JSON.stringify(unknown[1])}, which this ONNX Runtime does not know`,
      { hint: "docs/devices.md lists the options of its CUDA provider", cause },
    );
  }
  const refused = /Failed to parse provider option "(\w+)": (.*)/s.exec(message);
  if (!refused) return undefined;
  const device = /Invalid device ID: (-?\d+), must be between (\d+) .*? and (\d+)/.exec(refused[2]);
  if (device) {
    const [, id, first, end] = device;
    return cudaUnavailable(
      `there is no device ${id}, only ${first} to ${Number(end) - 1}`,
      "--list-devices lists them",
      cause,
    );
  }
  const value = /Failed to map enum name to value: (.*)/.exec(refused[2])?.[1].trim();
  // The rest of the message is a source position and a wrong value.
  const met = value === undefined ? "" : `: ${JSON.stringify(value)} is none of its words`;
  return new UsageError(`ONNX Runtime refuses the value of the CUDA option ${refused[1]}${met}`, {
    hint: "--cuda_options takes ONNX Runtime's own names and values",
    cause,
  });
}
