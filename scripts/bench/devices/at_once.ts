/** Measures several images at once on simulated devices. @module */
import type { DevicePool } from "../../../src/devices/device_pool.ts";
import type { PoolRows } from "../../../src/devices/rows/row_batch.ts";
import { type BenchRow, median } from "../table.ts";
import { A100 } from "./gpus.ts";
import { simulatedPool } from "./latency.ts";
import { simulatedRows, solveSimulated } from "./simulated_chain.ts";

const DEVICES = 16, STEPS = 100, WINDOW = 16, AT_ONCE = [1, 2, 4], PASSES = 3;

/** Measures the images per second of 2 and 4 images at once, relative to one at a time. */
export async function benchAtOnce(): Promise<BenchRow[]> {
  await using pool = await simulatedPool(DEVICES, { ...A100, computes: true });
  const memory = Array.from({ length: AT_ONCE.at(-1)! }, () => simulatedRows(pool, WINDOW));
  await secondsPerImage(pool, memory); // warms up
  const seconds = AT_ONCE.map((): number[] => []);
  for (let pass = 0; pass < PASSES; pass++) {
    for (const [i, count] of AT_ONCE.entries()) {
      seconds[i].push(await secondsPerImage(pool, memory.slice(0, count)));
    }
  }
  const [one, ...more] = seconds.map(median);
  return more.map((time, i) => ({
    group: `${DEVICES} SIMULATED A100s, T ${STEPS}, window ${WINDOW}`,
    name: `${AT_ONCE[i + 1]} images at once`,
    value: one / time,
    unit: "of the images per second",
    note: `${time.toFixed(2)} s per image, one at a time ${one.toFixed(2)} s`,
  }));
}

/** Solves a chain in each memory, all at once. */
async function secondsPerImage(pool: DevicePool, memory: readonly PoolRows[]): Promise<number> {
  const start = performance.now();
  await Promise.all(
    memory.map((rows, seed) => solveSimulated(pool, { rows, steps: STEPS, window: WINDOW, seed })),
  );
  return (performance.now() - start) / 1000 / memory.length;
}
