import assert from "node:assert/strict";
import type { PoolRows } from "../../../src/devices/rows/row_batch.ts";
import type { NetworkContract } from "../../../src/models/networks/network_contract.ts";
import { NetworkRows } from "../../../src/models/networks/row_buffers.ts";
import { TorchGenerator } from "../../../src/sampling/noise.ts";

const SHAPE = [2, 4, 4] as const, SIZE = 32, ROWS = 4, CONDITION = 3;
const TYPES = { Float16Array, Float32Array, Float64Array };

/** Rows of a network whose output has one more channel than its input, which is not noise. */
function networkRows(type: keyof typeof TYPES, patch?: number) {
  const array = (length: number) => new TYPES[type](ROWS * length);
  const memory = {
    inputs: [array(SIZE), array(1), array(CONDITION)],
    outputs: [array(3 * 16)],
    capacity: ROWS,
  };
  const contract = { latentShape: SHAPE, outputChannels: 3, patch };
  const rows = new NetworkRows(
    memory as unknown as PoolRows,
    contract as unknown as NetworkContract,
  );
  return { memory, rows };
}

const latents = new TorchGenerator(3).randn(2 * SIZE);
const condition = [Float32Array.of(1, 2, 3)], other = [Float32Array.of(4, 5, 6)];

for (const type of Object.keys(TYPES) as (keyof typeof TYPES)[]) {
  Deno.test(`set() writes a latent times its scale in ${type}, repeat() the same row again`, () => {
    const { memory, rows } = networkRows(type);
    rows.set(1, latents, { offset: SIZE, scale: 0.3, timestep: 7, condition });
    rows.repeat(3, 1, other);
    const wanted = TYPES[type].from(latents.subarray(SIZE).map((x) => 0.3 * x));
    for (const [slot, values] of [[1, condition], [3, other]] as const) {
      const [sample, timestep, conditions] = memory.inputs;
      assert.deepEqual(sample.slice(slot * SIZE, (slot + 1) * SIZE), wanted);
      assert.equal(timestep[slot], 7);
      const kept = conditions.subarray(slot * CONDITION, (slot + 1) * CONDITION);
      assert.deepEqual(Array.from(kept), Array.from(values[0]));
    }
    assert.ok(memory.inputs[0].subarray(0, SIZE).every((x) => x === 0), "row 0 is untouched");
  });

  Deno.test(`noise() is the leading channels of ${type}, of two rows at a time`, () => {
    const { memory: { outputs: [output] }, rows } = networkRows(type);
    output.set(new TorchGenerator(5).randn(output.length));
    const noise = [rows.noise(2), rows.noise(3)];
    for (const i of [0, 1]) {
      const start = (2 + i) * 3 * 16;
      assert.deepEqual(Array.from(noise[i]), Array.from(output.slice(start, start + SIZE)));
    }
  });

  Deno.test(`packed rows of ${type} are squares, and noise() unpacks them`, () => {
    const { memory: { inputs: [sample], outputs: [output] }, rows } = networkRows(type, 2);
    const counted = Float64Array.from({ length: SIZE }, (_, i) => i);
    rows.set(0, counted, { offset: 0, timestep: 0, condition });
    // The square at the left of the second row of squares, channel by channel.
    assert.deepEqual(Array.from(sample.subarray(16, 24)), [8, 9, 12, 13, 24, 25, 28, 29]);
    output.set(sample.subarray(0, SIZE));
    assert.deepEqual(Array.from(rows.noise(0)), Array.from(counted));
  });
}
