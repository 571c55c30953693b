/**
 * Measures the pool's own time: dispatching, splitting and gathering, without copying the data.
 * @module
 */
import { type BenchRow, median } from "../table.ts";
import { LAYOUT, ROW, simulatedPool } from "./latency.ts";

const ROWS = 50, DEVICES = 8, ROUNDS = 300, WARM = 30;

/** Measures eight devices that take no time, 50 rows of 4×64×64, and eight of 20 ms per call. */
export async function benchOverhead(): Promise<BenchRow[]> {
  const group = `pool of ${DEVICES} simulated devices, ${ROWS}×4×64×64`;
  const idle = await rounds(0, ROUNDS);
  const busy = await rounds(20, 60);
  const copies = `one copy in ${idle.copyIn.toFixed(2)} ms, one out ${idle.copyOut.toFixed(2)} ms`;
  return [
    {
      group,
      name: "round, devices that take no time",
      value: idle.run,
      unit: "ms",
      note: `bar 1 ms; without ${copies}`,
    },
    {
      group,
      name: "round, devices of 20 ms per call",
      value: busy.run,
      unit: "ms",
      note: `median of 60`,
    },
    {
      group,
      name: "efficiency at 20 ms per call",
      value: 20 / busy.run,
      unit: "",
      note: "bar 0.95 of the model's own limit, 20 ms",
    },
  ];
}

async function rounds(
  fixed: number,
  count: number,
): Promise<{ run: number; copyIn: number; copyOut: number }> {
  await using pool = await simulatedPool(DEVICES, { fixed, perRow: 0 });
  const rows = pool.createRows(LAYOUT, ROWS);
  const latents = new Float64Array(ROWS * ROW).fill(0.5), noise = new Float64Array(ROWS * ROW);
  const copyIn: number[] = [], run: number[] = [], copyOut: number[] = [];
  for (let round = 0; round < WARM + count; round++) {
    const start = performance.now();
    (rows.inputs[0] as Float32Array).set(latents);
    const filled = performance.now();
    await pool.run(rows, ROWS);
    const done = performance.now();
    noise.set(rows.outputs[0] as Float32Array);
    const end = performance.now();
    if (round < WARM) continue;
    copyIn.push(filled - start);
    run.push(done - filled);
    copyOut.push(end - done);
  }
  return { run: median(run), copyIn: median(copyIn), copyOut: median(copyOut) };
}
