import assert from "node:assert/strict";
import {
  describeCudaFailure,
  noDriver,
} from "../../../../src/runtime/providers/cuda/cuda_failure.ts";
import { Environment } from "../../../../src/runtime/environment.ts";
import { InferenceSession } from "../../../../src/runtime/inference_session.ts";
import { RuntimeLibraryError } from "../../../../src/errors.ts";
import { liveHandles } from "../../../../ffi/owned_pointer.ts";
import { addModel } from "../../../support/models.ts";
import { onSystem } from "../../../support/on_system.ts";

// Texts as ONNX Runtime 1.17 to 1.32 gave them (shared/design/ffi.md); <dir> stands for a folder.
const PREFIX = "/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:2043 " +
  "onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : ";
const NO_FILE = "cannot open shared object file: No such file or directory";
const CUDA = "Failed to load library /dir/libonnxruntime_providers_cuda.so with error:";
const UNUSABLE = "cannot use the CUDA provider: ";
const USE_CPU = "use the CPU (--provider cpu)";
const WHEEL = "the wheel onnxruntime-gpu on PyPI has it, of the same version as the core: " +
  "name that wheel's core with --ort_lib";
const CASES: [state: string, message: string, exitCode: number, line: string][] = [
  [
    "npm library only",
    `${PREFIX}Failed to load library /dir/libonnxruntime_providers_shared.so with error: ` +
    `/dir/libonnxruntime_providers_shared.so: ${NO_FILE}`,
    7,
    `${UNUSABLE}libonnxruntime_providers_shared.so is missing beside libonnxruntime - ${WHEEL}`,
  ],
  [
    "provider missing",
    `${PREFIX}${CUDA} /dir/libonnxruntime_providers_cuda.so: ${NO_FILE}`,
    7,
    `${UNUSABLE}libonnxruntime_providers_cuda.so is missing beside libonnxruntime - ${WHEEL}`,
  ],
  ...([
    ["libcublasLt.so.13", "nvidia-cublas"],
    ["libcublas.so.13", "nvidia-cublas"],
    ["libcurand.so.10", "nvidia-curand"],
    ["libcudart.so.13", "nvidia-cuda-runtime"],
    ["libcudnn.so.9", "nvidia-cudnn-cu13"],
    ["libcublasLt.so.12", "nvidia-cublas-cu12"],
  ].map(([library, name]): [string, string, number, string] => [
    `${library} missing`,
    `${PREFIX}${CUDA} ${library}: ${NO_FILE}`,
    7,
    `${UNUSABLE}${library} is missing, PyPI's ${name} has it - ` +
    "--cuda_libs names the folder of NVIDIA's libraries",
  ])),
  [
    "another library missing",
    `${PREFIX}${CUDA} libfoo.so.2: ${NO_FILE}`,
    7,
    `${UNUSABLE}libfoo.so.2 is missing - --cuda_libs names the folder of NVIDIA's libraries`,
  ],
  [
    "no driver",
    `${PREFIX}${CUDA} libcuda.so.1: ${NO_FILE}`,
    7,
    `${UNUSABLE}no NVIDIA driver (libcuda.so.1 is not on this machine) - ${USE_CPU}`,
  ],
  [
    "1.17, without a folder",
    `Failed to load library libonnxruntime_providers_cuda.so with error: ` +
    `libonnxruntime_providers_cuda.so: ${NO_FILE}`,
    7,
    `${UNUSABLE}libonnxruntime_providers_cuda.so is missing beside libonnxruntime - ${WHEEL}`,
  ],
  [
    "CPU-only library",
    "CUDA execution provider is not enabled in this build.",
    7,
    `${UNUSABLE}this build of ONNX Runtime is without it - ` +
    "take the wheel onnxruntime-gpu on PyPI and name its core with --ort_lib",
  ],
  [
    "no device",
    "cuda_execution_provider_info.cc:63 provider_options_utils.h:187 Parse Failed to parse provider option " +
    '"device_id": CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; hostname=h ; file=f ; line=70 ; ' +
    "expr=cudaGetDeviceCount(&num_devices);",
    7,
    `${UNUSABLE}the NVIDIA driver sees no device (CUDA failure 100: no CUDA-capable device is detected) - ` +
    `check CUDA_VISIBLE_DEVICES, or ${USE_CPU}`,
  ],
  [
    "old driver",
    "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1",
    7,
    `${UNUSABLE}the NVIDIA driver is too old for this CUDA (CUDA failure 35: CUDA driver version is ` +
    "insufficient for CUDA runtime version) - CUDA 13 needs driver 580 or newer, CUDA 12 needs 525",
  ],
  [
    "no such device",
    'Failed to parse provider option "device_id": Invalid device ID: 7, must be between 0 (inclusive) and 2 (exclusive).',
    7,
    `${UNUSABLE}there is no device 7, only 0 to 1 - --list-devices lists them`,
  ],
  [
    "out of memory",
    "CUDA failure 2: out of memory ; GPU=0 ; hostname=h ; expr=cudaMalloc((void**)&p, size);",
    7,
    `${UNUSABLE}the device is out of memory (CUDA failure 2: out of memory) - ` +
    "--gpu_mem_limit and --batch_size bound what is taken",
  ],
  [
    "any other code",
    "CUDA failure 999: unknown error ; GPU=0",
    7,
    `${UNUSABLE}CUDA failure 999: unknown error - ${USE_CPU}`,
  ],
  [
    "unknown option",
    'provider_options_utils.h:182 Parse Unknown provider option: "nosuch".',
    2,
    '--cuda_options names "nosuch", which this ONNX Runtime does not know - ' +
    "docs/devices.md lists the options of its CUDA provider",
  ],
  [
    "bad word",
    'x Failed to parse provider option "arena_extend_strategy": provider_options_utils.h:56 NameToEnum ' +
    "Failed to map enum name to value: bogus",
    2,
    'ONNX Runtime refuses the value of the CUDA option arena_extend_strategy: "bogus" is none of its words - ' +
    "--cuda_options takes ONNX Runtime's own names and values",
  ],
  [
    "bad value",
    'x Failed to parse provider option "of_tomorrow": parse_string.h:116 ParseStringWithClassicLocale ' +
    'Failed to parse value: "1"',
    2,
    "ONNX Runtime refuses the value of the CUDA option of_tomorrow - " +
    "--cuda_options takes ONNX Runtime's own names and values",
  ],
  ["anything else", `${PREFIX}something\nnew`, 7, `${UNUSABLE}something new - ${USE_CPU}`],
];

for (const [state, message, exitCode, line] of CASES) {
  Deno.test(`describeCudaFailure() names what is missing in one line: ${state}`, () => {
    const error = describeCudaFailure(message);
    assert.equal(`${error.message}${error.hint ? ` - ${error.hint}` : ""}`, line);
    assert.equal(error.exitCode, exitCode);
  });
}

Deno.test("InferenceSession.create() with cuda fails without CUDA's library and leaks nothing", async () => {
  using environment = Environment.open();
  // The npm package ships no provider libraries; where a GPU build is found instead, this machine
  // has no CUDA to test.
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
      assert.match(error.hint ?? "", /onnxruntime-gpu on PyPI .*--ort_lib/);
      return true;
    },
  );
  assert.equal(liveHandles().SessionOptions ?? 0, 0);
  assert.equal(liveHandles().CudaProviderOptions ?? 0, 0);
});

Deno.test("noDriver() names the driver's library of the system", async () => {
  const linux = await onSystem("linux", () => noDriver().message);
  assert.equal(linux, `${UNUSABLE}no NVIDIA driver (libcuda.so.1 is not on this machine)`);
  const windows = await onSystem("windows", () => noDriver().message);
  assert.equal(windows, `${UNUSABLE}no NVIDIA driver (nvcuda.dll is not on this machine)`);
});
