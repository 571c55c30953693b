/**
 * Worker of a simulated device: a call takes a fixed time and a time per row, which are JSON in the
 * model's "path". It waits by `Atomics.wait`, which is more exact than timers.
 * @module
 */
import type { DeviceSetup } from "../../../src/devices/device_protocol.ts";
import { serveDevice } from "../../../src/devices/device_service.ts";
import type { RowMemory } from "../../../src/devices/rows/row_memory.ts";
import type { RowCall } from "../../../src/devices/rows/row_plans.ts";
import type { Latency } from "./latency.ts";
import { predictTwoPoints } from "./two_points.ts";

const never = new Int32Array(new SharedArrayBuffer(4));

serveDevice((setup: DeviceSetup) => {
  const { fixed, perRow, computes }: Latency = JSON.parse(
    (setup.session as { model: string }).model,
  );
  return Promise.resolve({
    inputs: [],
    outputs: [],
    run(memory, call) {
      const time = fixed + perRow * call.count, end = performance.now() + time;
      if (computes) {
        // Workers share the machine's cores: a formula must not delay the start of another device.
        sleep(time / 2);
        denoise(memory, call);
      }
      sleep(end - performance.now());
      return call.count;
    },
    forget() {},
    close: () => Promise.resolve(),
  });
});

function sleep(milliseconds: number): void {
  if (milliseconds > 0) Atomics.wait(never, 0, 0, milliseconds);
}

function denoise(memory: RowMemory, { start, count }: RowCall): void {
  const [latents, alphas] = memory.inputs as [Float32Array, Float32Array];
  const [noise] = memory.outputs as [Float32Array];
  const size = latents.length / memory.capacity;
  for (let row = start; row < start + count; row++) {
    const from = row * size, to = from + size;
    predictTwoPoints(latents.subarray(from, to), alphas[row], noise.subarray(from, to));
  }
}
