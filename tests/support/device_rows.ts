/** Pools of lanes over the tiny DiT, and what they evaluate. @module */
import {
  DevicePool,
  type DevicePoolOptions,
  type PoolRunOptions,
} from "../../src/devices/device_pool.ts";
import type { DeviceSpec } from "../../src/devices/device.ts";
import { Environment } from "../../src/runtime/environment.ts";
import type { RowLayout } from "../../src/devices/rows/row_memory.ts";
import { tinyDitModel } from "./tiny_dit.ts";

/** Rows of the tiny DiT. */
export const LAYOUT: RowLayout = {
  inputs: [
    { name: "sample", type: "float32", rowDims: [4, 4, 4] },
    { name: "timestep", type: "int64", rowDims: [] },
    { name: "class_labels", type: "int64", rowDims: [] },
  ],
  outputs: [{ name: "out_sample", type: "float32", rowDims: [8, 4, 4] }],
};

/** Lanes of the CPU. */
export function lanes(count: number): DeviceSpec[] {
  return Array.from({ length: count }, (_, lane) => ({ provider: "cpu", id: lane }));
}

/** A pool over the tiny DiT, or another model. */
export async function openPool(
  options: DevicePoolOptions,
  model: Uint8Array = tinyDitModel(),
): Promise<{ pool: DevicePool } & AsyncDisposable> {
  const environment = Environment.open();
  const session = { intraOpNumThreads: 1, ...options.session };
  const pool = await DevicePool.open(environment, model, { ...options, session })
    .finally(() => environment.close());
  return { pool, [Symbol.asyncDispose]: () => pool.close() };
}

/** Evaluates some rounds of rows, each with other numbers. @returns the outputs of all rounds */
export async function evaluateRounds(
  pool: DevicePool,
  { rounds = 3, count = 12, ...options }: { rounds?: number; count?: number } & PoolRunOptions = {},
): Promise<Float32Array> {
  const rows = pool.createRows(LAYOUT, count);
  const results = new Float32Array(rounds * rows.outputs[0].length);
  for (let round = 0; round < rounds; round++) {
    const [sample, timestep, label] = rows.inputs;
    for (let i = 0; i < sample.length; i++) sample[i] = Math.sin(i + 100 * round);
    for (let row = 0; row < count; row++) {
      timestep[row] = BigInt(37 * row + round);
      label[row] = BigInt(row % 3);
    }
    await pool.run(rows, count, options);
    results.set(rows.outputs[0] as Float32Array, round * rows.outputs[0].length);
  }
  pool.dropRows(rows);
  return results;
}
