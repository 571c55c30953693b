import assert from "node:assert/strict";
import { optionProblem } from "../../../src/runtime/providers/option_checks.ts";
import { PROVIDERS } from "../../../src/runtime/providers/provider_table.ts";

Deno.test("optionProblem() describes a wrong name or value", () => {
  const { webgpu, openvino, tensorrt, dml } = PROVIDERS;
  const cases: [typeof webgpu, string, string, RegExp | undefined][] = [
    [webgpu, "preferredLayout", "NCHW", undefined],
    [webgpu, "preferredLayout", "nchw", /^is "nchw", wanted one of NCHW, NHWC$/],
    [
      webgpu,
      "maxNumPendingDispatches",
      "4097",
      /^is "4097", wanted a whole number from 1 to 4096$/,
    ],
    [webgpu, "webgpuInstance", "1", /^is not an option of this provider; wanted preferredLayout,/],
    [webgpu, "toString", "1", /^is not an option/],
    [openvino, "cache_dir", "", /^is empty$/],
    [openvino, "load_config", "CPU", /^is "CPU", wanted JSON of OpenVINO's properties/],
    [tensorrt, "trt_fp16_enable", "True", undefined],
    [tensorrt, "trt_fp16_enable", "yes", /^is "yes", wanted one of 0, 1, false,/],
    [dml, "disable_metacommands", "true", undefined],
    [PROVIDERS.cpu, "a", "b", /wanted none: it has no options$/],
  ];
  for (const [{ options }, name, value, wanted] of cases) {
    const problem = optionProblem(options, name, value);
    if (wanted === undefined) assert.equal(problem, undefined);
    else assert.match(problem ?? "", wanted);
  }
});
