/**
 * Worker of a device that is simulated: a call takes a fixed time and a time per row, as its
 * model's "path" says in JSON. It waits by `Atomics.wait`, which keeps time where timers do not.
 * @module
 */
import type { DeviceSetup } from "../../../src/runtime/devices/device_protocol.ts";
import { serveDevice } from "../../../src/runtime/devices/device_service.ts";
import type { RowMemory } from "../../../src/runtime/devices/row_memory.ts";
import type { RowCall } from "../../../src/runtime/devices/row_plans.ts";
import type { Latency } from "./latency.ts";

const never = new Int32Array(new SharedArrayBuffer(4));

serveDevice((setup: DeviceSetup) => {
  const { fixed, perRow, computes }: Latency = JSON.parse(
    (setup.session as { model: string }).model,
  );
  return Promise.resolve({
    inputs: [],
    outputs: [],
    run(memory, call) {
      const end = performance.now() + fixed + perRow * call.count;
      if (computes) denoise(memory, call);
      const rest = end - performance.now();
      if (rest > 0) Atomics.wait(never, 0, 0, rest);
      return call.count;
    },
    forget() {},
    close: () => Promise.resolve(),
  });
});

/**
 * ε for data that is two points in every dimension, smoothed: cheap, and not linear, so that
 * solvers have work to do.
 */
function denoise(memory: RowMemory, { start, count }: RowCall): void {
  const [latents, alphas] = memory.inputs as [Float32Array, Float32Array];
  const [noise] = memory.outputs as [Float32Array];
  const size = latents.length / memory.capacity;
  for (let row = start; row < start + count; row++) {
    const alpha = alphas[row], scale = Math.sqrt(alpha), rest = Math.sqrt(1 - alpha);
    for (let i = row * size; i < (row + 1) * size; i++) {
      const pull = scale * latents[i] / (1 - alpha + 0.05);
      noise[i] = (latents[i] - scale * pull / (1 + Math.abs(pull))) / rest;
    }
  }
}
