/**
 * Doubles [1, 2, 3, 4] ten times over and leaves the result in the shared array it is sent:
 * lifetime_child.ts starts it.
 * @module
 */
/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { Environment } from "../../src/runtime/environment.ts";
import { InferenceSession } from "../../src/runtime/inference_session.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { addModel } from "../support/models.ts";

self.onmessage = async ({ data }: MessageEvent<Float32Array>) => {
  using environment = Environment.open();
  await using session = await InferenceSession.create(environment, addModel());
  using x = new Tensor(environment, "float32", [4], Float32Array.of(1, 2, 3, 4));
  using y = new Tensor(environment, "float32", [4], data);
  using binding = session.bind({ x }, { y });
  for (let turn = 0; turn < 10; turn++) {
    if (turn % 2) binding.runSync();
    else await binding.run();
    x.data.set(y.data);
  }
  self.postMessage("done");
};
