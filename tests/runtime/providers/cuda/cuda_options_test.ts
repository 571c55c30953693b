import assert from "node:assert/strict";
import {
  cudaOptionPairs,
  type CudaOptions,
} from "../../../../src/runtime/providers/cuda/cuda_options.ts";

Deno.test("cudaOptionPairs() fills in the defaults of this work and hands over any name", () => {
  assert.deepEqual(cudaOptionPairs({}), [
    ["device_id", "0"],
    ["arena_extend_strategy", "kSameAsRequested"],
    ["cudnn_conv_algo_search", "HEURISTIC"],
  ]);
  assert.deepEqual(
    Object.fromEntries(cudaOptionPairs({
      device_id: 3,
      gpu_mem_limit: 2n ** 35n,
      arena_extend_strategy: undefined,
      cudnn_conv_algo_search: "EXHAUSTIVE",
      use_tf32: false,
      of_tomorrow: "x",
    })),
    {
      device_id: "3",
      arena_extend_strategy: "kSameAsRequested",
      cudnn_conv_algo_search: "EXHAUSTIVE",
      gpu_mem_limit: "34359738368",
      use_tf32: "0",
      of_tomorrow: "x",
    },
  );
});

Deno.test("cudaOptionPairs() refuses what cannot be right and every native address", () => {
  const cases: [options: CudaOptions, message: string][] = [
    [{ device_id: -1 }, "cuda.device_id is -1, wanted a whole number from 0"],
    [{ gpu_mem_limit: 1.5 }, "cuda.gpu_mem_limit is 1.5, wanted a whole number from 0"],
    [{ use_tf32: 2 as unknown as boolean }, "cuda.use_tf32 is 2, wanted 0 or 1"],
    [{ gpu_mem_limit: NaN }, "cuda.gpu_mem_limit is NaN, wanted a whole number from 0"],
    [
      { arena_extend_strategy: "twice" as "kSameAsRequested" },
      'cuda.arena_extend_strategy is "twice", wanted one of kSameAsRequested, kNextPowerOfTwo',
    ],
    [
      { user_compute_stream: 4096 },
      "cuda.user_compute_stream takes a native address, which is not supported",
    ],
    [
      { gpu_external_alloc: 4096 },
      "cuda.gpu_external_alloc takes a native address, which is not supported",
    ],
    [{ "a b": "c" }, "cuda.a b is no name of an option"],
  ];
  for (const [options, message] of cases) {
    assert.throws(() => cudaOptionPairs(options), new RangeError(message));
  }
});
