/** Runs the UNets of tests/fixtures/layouts, whatever their names, ranks and types are. @module */
import { fileURLToPath } from "node:url";
import type { Environment } from "../../src/runtime/environment.ts";
import type { InferenceSession } from "../../src/runtime/inference_session.ts";
import { Tensor } from "../../src/runtime/tensor.ts";
import { TENSOR_ARRAYS, type TensorType } from "../../src/runtime/tensor_type.ts";
import { Random } from "../support/fuzz.ts";

/** Where the layouts lie. */
export const LAYOUTS = fileURLToPath(new URL("../fixtures/layouts", import.meta.url));
const SIZES = { sample: [4, 8, 8], timestep: [], encoder_hidden_states: [77, 12] };

/** What to run: a row of noise and states per timestep, made from the seed. */
export interface Rows {
  seed: number;
  timesteps: readonly number[];
  /** Run this row alone. */
  only?: number;
}

/** @returns the output, row by row */
export async function runUnet(
  environment: Environment,
  session: InferenceSession,
  { seed, timesteps, only }: Rows,
): Promise<number[][]> {
  const random = new Random(seed);
  const values = (count: number) =>
    Array.from({ length: count }, () => random.below(2001) / 500 - 2);
  const rows = timesteps.map((timestep) => ({
    sample: values(256),
    timestep: [timestep],
    encoder_hidden_states: values(77 * 12),
  }));
  let chosen = only === undefined ? rows : [rows[only]];
  const frozen = session.inputs[0].shape[0];
  if (typeof frozen === "number") chosen = Array(frozen).fill(chosen[0]);
  const feeds: Record<string, Tensor> = {};
  for (const { name, type, shape } of session.inputs) {
    const key = name as keyof typeof SIZES;
    const dims = shape.length === 0 ? [] : [chosen.length, ...SIZES[key]];
    const data = chosen.flatMap((row) => row[key]);
    feeds[name] = tensorOf(environment, type as TensorType, dims, data);
  }
  const [output] = Object.values(await session.run(feeds));
  const flat = Array.from(output.data as Float32Array, Number);
  for (const tensor of [...Object.values(feeds), output]) tensor.close();
  return chosen.map((_, i) => flat.slice(256 * i, 256 * (i + 1)));
}

function tensorOf(environment: Environment, type: TensorType, dims: number[], values: number[]) {
  const data = new TENSOR_ARRAYS[type](values.length);
  for (const [i, value] of values.entries()) {
    data[i] = data instanceof BigInt64Array ? BigInt(value) : value;
  }
  return new Tensor(environment, type, dims, data);
}
