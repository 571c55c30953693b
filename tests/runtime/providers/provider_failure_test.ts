import assert from "node:assert/strict";
import { minorOf } from "../../../ffi/bind_api.ts";
import type { RuntimeLibraryError } from "../../../src/errors.ts";
import { Environment } from "../../../src/runtime/environment.ts";
import { InferenceSession } from "../../../src/runtime/inference_session.ts";
import { requireSafeVersion } from "../../../src/runtime/providers/append_provider.ts";
import { openProvider } from "../../../src/runtime/providers/open_provider.ts";
import { describeProviderFailure } from "../../../src/runtime/providers/provider_failure.ts";
import type { Provider } from "../../../src/runtime/providers/provider_row.ts";
import { PROVIDER_NAMES, PROVIDERS } from "../../../src/runtime/providers/provider_table.ts";
import { addModel } from "../../support/models.ts";

const ADAPTER = "/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 " +
  "onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)" +
  "::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. " +
  "Failed to get a WebGPU adapter: No supported adapters\n";
const DAWN =
  "    at CheckVkSuccessImpl (/build/Release/_deps/dawn-src/src/dawn/native/x.cpp:106)\n";
const BRIDGE = "Failed to load provider OpenVINO";
const LOGGED =
  "\x1b[1;31m2026-11-29 23:36:49.139 [E:onnxruntime:parataa, provider_bridge_ort.cc:2310 " +
  "Create] /onnxruntime/onnxruntime/core/providers/openvino/openvino_provider_factory.cc:141 ";

/** Provider, message, printed text, and the line that a user reads. */
const CASES: readonly [Provider, string, string, string][] = [
  [
    "webgpu",
    ADAPTER,
    `Warning: Couldn't load Vulkan: libvulkan.so.1: cannot open shared object file: No such file or directory\n${DAWN}`,
    "the Vulkan loader cannot be opened (libvulkan.so.1: cannot open shared object file: No such " +
    "file or directory) - install it (libvulkan1, vulkan-loader) and your GPU's Vulkan driver",
  ],
  [
    "webgpu",
    ADAPTER,
    `Warning: vkCreateInstance: Found no drivers!\nWarning: vkCreateInstance failed with VK_ERROR_INCOMPATIBLE_DRIVER\n${DAWN}`,
    "the Vulkan loader found no driver - install your GPU's Vulkan driver (mesa-vulkan-drivers for " +
    "AMD and Intel)",
  ],
  [ // lavapipe 22.3 of Debian 12
    "webgpu",
    ADAPTER,
    "Warning: Vulkan shaderUniform*ArrayDynamicIndexing required.\n" +
    " - While initializing adapter (backend=BackendType::Vulkan)\n" +
    "    at InitializeImpl (/build/Release/_deps/dawn-src/src/dawn/native/x.cpp:253)\n",
    "the Vulkan driver is too old (Vulkan shaderUniform*ArrayDynamicIndexing required.) - install " +
    "a newer driver (Mesa 25 works)",
  ],
  [
    "webgpu",
    ADAPTER,
    "",
    "this machine has no GPU that it supports - install your GPU's Vulkan driver " +
    "(mesa-vulkan-drivers for AMD and Intel), or use the CPU (--provider cpu)",
  ],
  [
    "openvino",
    BRIDGE,
    `${LOGGED}std::string onnxruntime::openvino_ep::ParseDeviceType(std::shared_ptr<OVCore>) [ERROR] [OpenVINO] Device NPU is not available\n\x1b[m`,
    "OpenVINO has no device NPU on this machine - --devices openvino:CPU works on every x86 CPU",
  ],
  [
    "openvino",
    BRIDGE,
    `${LOGGED}Invalid provider_option key: nosuch\n\x1b[m`,
    "this version has no option nosuch - leave it out of --ep_options",
  ],
  [
    "openvino",
    "Failed to load library libonnxruntime_providers_openvino.so with error: libopenvino.so.2541: cannot open shared object file: No such file or directory",
    "",
    "libopenvino.so.2541 is missing beside libonnxruntime - install the whole wheel " +
    "onnxruntime-openvino, or use the CPU (--provider cpu)",
  ],
  ["openvino", BRIDGE, `${LOGGED}something new\n`, "something new - use the CPU (--provider cpu)"],
  [
    "coreml",
    "CoreML execution provider is not supported in this build. ",
    "",
    "this build of ONNX Runtime is without it - the library of the npm package for macOS has it",
  ],
  [
    "dml",
    "Unknown provider name 'DML'. Currently supported values are 'QNN'",
    "",
    "this build of ONNX Runtime is without it - the library of the npm package for Windows has it",
  ],
  [
    "xnnpack",
    "XNNPACK execution provider is not supported in this build. ",
    "",
    "this build of ONNX Runtime is without it - build ONNX Runtime with --use_xnnpack and name the " +
    "library with --ort_lib",
  ],
  [
    "tensorrt",
    "Failed to load library /x/libonnxruntime_providers_tensorrt.so with error: libnvinfer.so.10: cannot open shared object file: No such file or directory",
    "",
    `libnvinfer.so.10 is missing - ${PROVIDERS.tensorrt.packages}`,
  ],
  [
    "nv-tensorrt-rtx",
    "Failed to load library /x/libprovider.so with error: libcuda.so.1: cannot open shared object file: No such file or directory",
    "",
    "no NVIDIA driver (libcuda.so.1 is not on this machine) - use the CPU (--provider cpu)",
  ],
  ["migraphx", "something\nnew", "", "something new - use the CPU (--provider cpu)"],
];

for (const [provider, message, log, line] of CASES) {
  Deno.test(`describeProviderFailure() names cause and remedy: ${provider}, ${line}`, () => {
    const row = PROVIDERS[provider];
    const error = describeProviderFailure(row, { message, log, cause: undefined });
    const text = `${error.message} - ${error.hint}`;
    assert.equal(text, `cannot use the ${row.title} provider: ${line}`);
    assert.equal(error.exitCode, 7);
  });
}

Deno.test("a provider that the library lacks is named in one line, with the package that has it", async () => {
  using env = Environment.open();
  const absent = PROVIDER_NAMES.filter((name) =>
    !env.availableProviders.includes(PROVIDERS[name].epName)
  );
  assert.ok(absent.includes("migraphx"));
  for (const provider of absent) {
    await assert.rejects(InferenceSession.create(env, addModel(), { provider }), (error: Error) => {
      const { title } = PROVIDERS[provider];
      assert.match(error.message, new RegExp(`^cannot use the ${title} provider: [^\\n]+$`));
      return true;
    });
  }
});

Deno.test("requireSafeVersion() refuses the WebGPU of older versions, which can end the process", () => {
  const { webgpu, cpu } = PROVIDERS;
  requireSafeVersion(webgpu, "1.30.0");
  requireSafeVersion(cpu, "1.17.3");
  assert.throws(
    () => requireSafeVersion(webgpu, "1.26.0"),
    (error: RuntimeLibraryError) => {
      assert.equal(error.exitCode, 7);
      assert.equal(
        `${error.message} - ${error.hint}`,
        "cannot use the WebGPU provider: that of ONNX Runtime 1.26.0 can end the process - --ort_lib " +
          "must name version 1.30 or newer; without --ort_lib, the npm package's library is used",
      );
      return true;
    },
  );
});

Deno.test("a plugin library that is none is named, with what it lacks", async () => {
  using env = Environment.open();
  // Plugins came with 1.22; until 1.25 the core alone lacks a library that it opens first.
  if (minorOf(env.version) < 26) return;
  const said = async (providerLibrary: string) => {
    const opened = openProvider(env, { provider: "openvino", providerLibrary });
    return await opened.then(() => "ready", (error) => `${error.exitCode}: ${error.message}`);
  };
  const cannot = "7: cannot use the OpenVINO provider: ";
  assert.equal(await said("/nonexistent.so"), `${cannot}there is no file /nonexistent.so`);
  assert.equal(
    await said(import.meta.filename!),
    `${cannot}${import.meta.filename} is no library for this system`,
  );
  assert.equal(
    await said(env.libraryPath),
    `${cannot}${env.libraryPath} is no plugin of ONNX Runtime (it has no CreateEpFactories)`,
  );
});
