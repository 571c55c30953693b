import assert from "node:assert/strict";
import { describeCudaFailure } from "../../src/runtime/cuda_provider.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { RuntimeLibraryError } from "../../src/errors.ts";
import { liveHandles } from "../../ffi/owned_pointer.ts";
import { addModel } from "../support/models.ts";

// Texts as ONNX Runtime 1.17 to 1.32 gave them (shared/design/ffi.md); <dir> stands for a folder.
const PREFIX = "/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:2043 " +
  "onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : ";
const NO_FILE = "cannot open shared object file: No such file or directory";
const CUDA = "Failed to load library /dir/libonnxruntime_providers_cuda.so with error:";
const CASES: [state: string, message: string, line: string][] = [
  [
    "npm library only",
    `${PREFIX}Failed to load library /dir/libonnxruntime_providers_shared.so with error: ` +
    `/dir/libonnxruntime_providers_shared.so: ${NO_FILE}`,
    "libonnxruntime_providers_shared.so is missing beside libonnxruntime",
  ],
  [
    "provider missing",
    `${PREFIX}${CUDA} /dir/libonnxruntime_providers_cuda.so: ${NO_FILE}`,
    "libonnxruntime_providers_cuda.so is missing beside libonnxruntime",
  ],
  [
    "no CUDA toolkit",
    `${PREFIX}${CUDA} libcublasLt.so.13: ${NO_FILE}`,
    "libcublasLt.so.13 is missing, a library of NVIDIA's CUDA toolkit",
  ],
  [
    "no driver",
    `${PREFIX}${CUDA} libcuda.so.1: ${NO_FILE}`,
    "libcuda.so.1 is missing, so no NVIDIA driver is installed",
  ],
  [
    "1.17, without a folder",
    `Failed to load library libonnxruntime_providers_cuda.so with error: ` +
    `libonnxruntime_providers_cuda.so: ${NO_FILE}`,
    "libonnxruntime_providers_cuda.so is missing beside libonnxruntime",
  ],
  [
    "CPU-only library",
    "CUDA execution provider is not enabled in this build.",
    "this build of ONNX Runtime is without it",
  ],
  [
    "no device",
    "cuda_execution_provider_info.cc:63 provider_options_utils.h:187 Parse Failed to parse provider option " +
    '"device_id": CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=h ; file=f ; line=70 ; ' +
    "expr=cudaGetDeviceCount(&num_devices);",
    "CUDA failure 100: no CUDA-capable device is detected",
  ],
  [
    "old driver",
    "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1",
    "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version",
  ],
  [
    "unknown option",
    'provider_options_utils.h:182 Parse Unknown provider option: "nosuch".',
    'it has no option "nosuch"',
  ],
  ["anything else", `${PREFIX}something\nnew`, "something new"],
];

for (const [state, message, line] of CASES) {
  Deno.test(`describeCudaFailure() says in one line what is missing: ${state}`, () => {
    assert.equal(describeCudaFailure(message), `cannot use the CUDA provider: ${line}`);
  });
}

Deno.test("InferenceSession.create() with provider cuda fails on a library without CUDA's, leaking nothing", async () => {
  using environment = Environment.open();
  // The npm package ships no provider libraries; where a GPU build is found instead, this machine has no CUDA to test.
  if (!environment.libraryPath.includes("onnxruntime-node")) return;
  await assert.rejects(
    InferenceSession.create(environment, addModel(), { provider: "cuda" }),
    (error) => {
      assert.ok(error instanceof RuntimeLibraryError);
      assert.match(
        error.message,
        /^cannot use the CUDA provider: (libonnxruntime_providers_\w+\.so is missing|this build)/,
      );
      assert.doesNotMatch(error.message, /\n/);
      assert.match(error.hint ?? "", /--provider cpu/);
      return true;
    },
  );
  assert.equal(liveHandles().SessionOptions ?? 0, 0);
  assert.equal(liveHandles().CudaProviderOptions ?? 0, 0);
});
