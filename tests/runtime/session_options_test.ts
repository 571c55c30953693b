import assert from "node:assert/strict";
import { minorOf } from "../../ffi/bind_api.ts";
import { liveHandles } from "../../ffi/owned_pointer.ts";
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import type { SessionOptions } from "../../src/runtime/session_options.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { scaleModel } from "../support/models.ts";

Deno.test("InferenceSession.create() takes every option", async () => {
  using environment = Environment.open();
  using x = new Tensor(environment, "float32", [2, 3], Float32Array.of(0, 1, 2, 3, 4, 5));
  using scale = new Tensor(environment, "float32", [], Float32Array.of(3));
  for (const on of [true, false]) {
    await using session = await InferenceSession.create(environment, scaleModel(), {
      provider: "cpu",
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      graphOptimizationLevel: on ? "all" : "disabled",
      logSeverityLevel: "error",
      enableMemPattern: on,
      enableCpuMemArena: on,
      configEntries: { "session.intra_op.allow_spinning": on ? "1" : "0" },
      freeDimensionOverrides: { batch: 2 },
    });
    // ONNX Runtime fixes the symbolic dimension; versions before 1.23 do so only where they
    // optimise the graph.
    const shows = on || minorOf(environment.version) >= 23;
    assert.deepEqual(session.inputs[0].shape, [shows ? 2 : "batch", 3]);
    const { y } = await session.run({ x, scale });
    assert.deepEqual(y.data, Float32Array.of(0, 3, 6, 9, 12, 15));
    y.close();
  }
});

Deno.test("InferenceSession.create() refuses options that are out of range", async () => {
  using environment = Environment.open();
  const cases: [options: SessionOptions, error: Error][] = [
    [
      { provider: "tpu" as "cpu" },
      new TypeError(
        'provider is "tpu", wanted one of cpu, cuda, tensorrt, nv-tensorrt-rtx, migraphx, openvino, ' +
          "webgpu, coreml, dml, xnnpack",
      ),
    ],
    [
      { provider: "webgpu", providerOptions: { preferredLayout: "CHWN" } },
      new RangeError(
        'providerOptions.preferredLayout is "CHWN", wanted one of NCHW, NHWC',
      ),
    ],
    [
      { provider: "webgpu", deviceId: 1 },
      new RangeError("deviceId is 1, wanted 0, the only device"),
    ],
    [
      { graphOptimizationLevel: "most" as "all" },
      new TypeError(
        'graphOptimizationLevel is "most", wanted one of disabled, basic, extended, all',
      ),
    ],
    [
      { intraOpNumThreads: -1 },
      new RangeError("intraOpNumThreads is -1, wanted a whole number from 0 to 2147483647"),
    ],
    [
      { interOpNumThreads: 1.5 },
      new RangeError("interOpNumThreads is 1.5, wanted a whole number from 0 to 2147483647"),
    ],
    [
      { freeDimensionOverrides: { batch: 0 } },
      new RangeError(
        'freeDimensionOverrides["batch"] is 0, wanted a whole number from 1 to 2147483647',
      ),
    ],
    [
      { configEntries: { "a\0b": "c" } },
      new TypeError('text for a C string holds a NUL: "a\\u0000b"'),
    ],
  ];
  for (const [options, error] of cases) {
    await assert.rejects(InferenceSession.create(environment, scaleModel(), options), error);
  }
  assert.equal(liveHandles().SessionOptions ?? 0, 0);
});
