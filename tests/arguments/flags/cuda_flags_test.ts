import assert from "node:assert/strict";
import {
  cudaOptionsOf,
  PROVIDER_FLAGS,
  providerSettings,
} from "../../../src/arguments/flags/cuda_flags.ts";
import { parseFlags } from "../../../src/arguments/parse_flags.ts";
import { asFlag } from "../../../src/arguments/setting_names.ts";
import { UsageError } from "../../../src/errors.ts";

const options = (...args: string[]) =>
  cudaOptionsOf(providerSettings(parseFlags(PROVIDER_FLAGS, args).values));

Deno.test("cudaOptionsOf() reads ONNX Runtime's options from their flags and by name", () => {
  const given = options(
    "--gpu-mem-limit=1000",
    "--cudnn_conv_algo_search=DEFAULT",
    "--cuda_options=device_id=1, use_tf32=0",
  );
  assert.deepEqual({ ...given }, {
    gpu_mem_limit: 1000,
    arena_extend_strategy: undefined,
    cudnn_conv_algo_search: "DEFAULT",
    device_id: "1",
    use_tf32: "0",
  });
});

Deno.test("cudaOptionsOf() names the fault of --cuda_options in one line", () => {
  const cases: [args: string[], message: string][] = [
    [["--cuda_options=abc"], '--cuda_options has "abc", wanted name=value'],
    [["--cuda_options=a=1,"], '--cuda_options has "", wanted name=value'],
    [["--cuda_options=a=1,a=2"], "the CUDA option a is given twice"],
    [
      ["--gpu_mem_limit=5", "--cuda_options=gpu_mem_limit=6"],
      "the CUDA option gpu_mem_limit is given twice",
    ],
    [
      ["--cuda_options=device_id=x"],
      "--cuda_options device_id is x, wanted a whole number from 0",
    ],
    [
      ["--cuda_options=user_compute_stream=1"],
      "--cuda_options user_compute_stream takes a native address, which is not supported",
    ],
    [
      ["--cuda_options=cudnn_conv_algo_search=fast"],
      '--cuda_options cudnn_conv_algo_search is "fast", wanted one of HEURISTIC, EXHAUSTIVE, DEFAULT',
    ],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => options(...args), (error) => {
      assert.ok(error instanceof UsageError);
      error.respell(asFlag);
      assert.equal(error.message, message);
      return true;
    });
  }
});
