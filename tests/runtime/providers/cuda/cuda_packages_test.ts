import assert from "node:assert/strict";
import {
  cudaLibraries,
  cudaMajor,
  packageOf,
} from "../../../../src/runtime/providers/cuda/cuda_packages.ts";

// Names as `pip download --no-deps NAME` found them, and the files in the wheels, November 2026.
const PACKAGES: [soname: string, major: number, name: string | undefined][] = [
  ["libcudart.so.13", 13, "nvidia-cuda-runtime"],
  ["libcublasLt.so.13", 13, "nvidia-cublas"],
  ["libcublas.so.13", 13, "nvidia-cublas"],
  ["libcurand.so.10", 13, "nvidia-curand"],
  ["libcufft.so.12", 13, "nvidia-cufft"],
  ["libnvrtc.so.13", 13, "nvidia-cuda-nvrtc"],
  ["libnvJitLink.so.13", 13, "nvidia-nvjitlink"],
  ["libcudnn.so.9", 13, "nvidia-cudnn-cu13"],
  ["libcudnn_graph.so.9", 13, "nvidia-cudnn-cu13"],
  ["libcublasLt.so.12", 13, "nvidia-cublas-cu12"],
  ["libcudart.so.12", 13, "nvidia-cuda-runtime-cu12"],
  ["libcurand.so.10", 12, "nvidia-curand-cu12"],
  ["libcufft.so.11", 12, "nvidia-cufft-cu12"],
  ["libcudnn.so.9", 12, "nvidia-cudnn-cu12"],
  ["libcudnn.so.8", 12, "nvidia-cudnn-cu12==8.*"],
  ["libcublas.so.11", 11, "nvidia-cublas-cu11"],
  ["libcuda.so.1", 13, undefined],
  ["libstdc++.so.6", 13, undefined],
];

for (const [soname, major, name] of PACKAGES) {
  Deno.test(`packageOf() names the package of ${soname} in CUDA ${major}`, () =>
    assert.equal(packageOf(soname, major), name));
}

Deno.test("cudaLibraries() completes and orders what the provider of ONNX Runtime 1.30 needs", () => {
  // readelf -d libonnxruntime_providers_cuda.so of onnxruntime-gpu 1.30.0 and 1.31.1
  const needed = ["libcublasLt.so.13", "libcublas.so.13", "libcurand.so.10", "libcudart.so.13"];
  assert.deepEqual(cudaLibraries([...needed, "libcuda.so.1", "libdl.so.2"]), {
    required: [
      "libcudart.so.13",
      "libcublasLt.so.13",
      "libcublas.so.13",
      "libcurand.so.10",
      "libcudnn.so.9",
    ],
    optional: ["libcufft.so.12", "libnvrtc.so.13"],
  });
});

Deno.test("cudaLibraries() takes cuDNN's parts where a provider names them", () => {
  // onnxruntime-gpu 1.20.2, shortened
  const needed = ["libcublas.so.12", "libcufft.so.11", "libcudnn_adv.so.9", "libcudnn.so.9"];
  assert.deepEqual(cudaLibraries([...needed, "libnvrtc.so.12"]), {
    required: [
      "libcublas.so.12",
      "libcufft.so.11",
      "libnvrtc.so.12",
      "libcudnn_adv.so.9",
      "libcudnn.so.9",
    ],
    optional: [],
  });
});

Deno.test("cudaMajor() reads CUDA's version off the libraries that carry it", () => {
  assert.equal(cudaMajor(["libcurand.so.10", "libcublas.so.12"]), 12);
  assert.equal(cudaMajor(["libcurand.so.10"]), 13);
});
