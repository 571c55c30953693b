/** What lanes of the CPU cost: processor time for the same batch, and the same bytes. @module */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Environment, TorchGenerator } from "../../../mod.ts";
import { DevicePool } from "../../../src/devices/device_pool.ts";
import type { RowLayout } from "../../../src/devices/rows/row_memory.ts";
import { type BenchRow, median } from "../table.ts";

const NETWORK = new URL("../../../models/dit-emoji/transformer/model.onnx", import.meta.url);
const ROWS = 32, CALLS = 6, PASSES = 7;
const LAYOUT: RowLayout = {
  inputs: [
    { name: "sample", type: "float32", rowDims: [4, 8, 8] },
    { name: "timestep", type: "int64", rowDims: [] },
    { name: "class_labels", type: "int64", rowDims: [] },
  ],
  outputs: [{ name: "out_sample", type: "float32", rowDims: [8, 8, 8] }],
};

interface Way {
  name: string;
  lanes?: number;
  threads: number;
}

const WAYS: readonly Way[] = [
  { name: "one lane, intra_op 1", lanes: 1, threads: 1 },
  { name: "two lanes, intra_op 1", lanes: 2, threads: 1 },
  { name: "one session, intra_op 2", threads: 2 },
];

/** The three ways in turn, several times. */
export async function benchLanes(): Promise<BenchRow[]> {
  using environment = Environment.open();
  const cpu = WAYS.map((): number[] => []), wall = WAYS.map((): number[] => []);
  let bytes: string | undefined;
  for (let pass = 0; pass < PASSES; pass++) {
    for (const [i, way] of WAYS.entries()) {
      // One at a time: threads of a session that is idle look for work for a while.
      const measured = await measure(environment, way);
      cpu[i].push(measured.cpu);
      wall[i].push(measured.wall);
      bytes ??= measured.bytes;
      if (bytes !== measured.bytes) throw new Error(`${way.name} gave other bytes`);
    }
  }
  const group = `${ROWS} rows of dit-emoji on the CPU`;
  return WAYS.map(({ name }, i) => ({
    group,
    name,
    value: median(cpu[i].map((time, pass) => time / cpu[0][pass])),
    unit: "of one lane's CPU time",
    note: `${(median(wall[i]) / CALLS).toFixed(0)} ms a batch, the same bytes` +
      (i === 1 ? "; bar 1.1" : ""),
  }));
}

async function measure(environment: Environment, { lanes, threads }: Way) {
  const devices = lanes === undefined
    ? undefined
    : Array.from({ length: lanes }, (_, lane) => ({ provider: "cpu", id: lane } as const));
  await using pool = await DevicePool.open(environment, fileURLToPath(NETWORK), {
    devices,
    session: { intraOpNumThreads: threads },
  });
  const rows = pool.createRows(LAYOUT, ROWS);
  (rows.inputs[0] as Float32Array).set(new TorchGenerator(0).randn(ROWS * 4 * 8 * 8));
  for (let row = 0; row < ROWS; row++) rows.inputs[1][row] = BigInt(20 * row);
  await pool.run(rows, ROWS);
  const cpuBefore = processorSeconds(), started = performance.now();
  for (let call = 0; call < CALLS; call++) await pool.run(rows, ROWS);
  const wall = performance.now() - started, cpu = processorSeconds() - cpuBefore;
  const copy = new Uint8Array((rows.outputs[0] as Float32Array).slice().buffer);
  const digest = await crypto.subtle.digest("SHA-256", copy);
  return { cpu, wall, bytes: String(new Uint8Array(digest)) };
}

/** Of all threads of this process. */
function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
