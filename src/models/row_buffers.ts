/** Memory for the rows of a network's calls. @module */
import type { Environment } from "../runtime/environment.ts";
import type { InferenceSession } from "../runtime/inference_session.ts";
import type { IoBinding } from "../runtime/io_binding.ts";
import { Tensor } from "../runtime/tensor.ts";
import type { TensorData } from "../runtime/tensor_type.ts";
import type { NetworkContract } from "./network_contract.ts";

/** One row's condition in the element type of the network's input: a class label, a text embedding. */
export type ConditionRow = TensorData;

/** Buffers for `capacity` rows and one prepared plan per batch size over the same memory. */
export class RowBuffers {
  readonly sample: Tensor;
  readonly timestep: Tensor;
  readonly condition: Tensor;
  readonly output: Tensor;
  /** Condition that each row of the buffer holds now. */
  readonly conditions: (ConditionRow | undefined)[];
  readonly #env: Environment;
  readonly #contract: NetworkContract;
  readonly #plans = new Map<number, { binding: IoBinding; tensors: Tensor[] }>();

  constructor(
    env: Environment,
    readonly capacity: number,
    contract: NetworkContract,
    [channels, height, width]: readonly [number, number, number],
    conditionShape: readonly number[],
  ) {
    this.#env = env;
    this.#contract = contract;
    this.sample = new Tensor(env, contract.sample.type, [capacity, channels, height, width]);
    this.timestep = new Tensor(env, contract.timestep.type, [capacity]);
    this.condition = new Tensor(env, contract.condition.type, [capacity, ...conditionShape]);
    this.output = new Tensor(env, contract.output.type, [
      capacity,
      contract.outputChannels,
      height,
      width,
    ]);
    this.conditions = new Array(capacity).fill(undefined);
  }

  /** Repeats row 0 in `slot`: a frozen batch wants all its rows, and old rows could hold anything. */
  pad(slot: number): void {
    for (const tensor of [this.sample, this.timestep, this.condition]) {
      const size = tensor.data.length / this.capacity;
      tensor.data.copyWithin(slot * size, 0, size);
    }
    this.conditions[slot] = this.conditions[0];
  }

  plan(session: InferenceSession, batch: number): IoBinding {
    let plan = this.#plans.get(batch);
    if (!plan) {
      const { sample, timestep, condition, output } = this.#contract;
      const tensors = [this.sample, this.timestep, this.condition, this.output].map((t) =>
        this.#firstRows(t, batch)
      );
      const [x, t, c, y] = tensors;
      const binding = session.bind({ [sample.name]: x, [timestep.name]: t, [condition.name]: c }, {
        [output.name]: y,
      });
      this.#plans.set(batch, plan = { binding, tensors });
    }
    return plan.binding;
  }

  close(): void {
    for (const { binding, tensors } of this.#plans.values()) {
      binding.close();
      for (const tensor of tensors) tensor.close();
    }
    this.#plans.clear();
    for (const tensor of [this.sample, this.timestep, this.condition, this.output]) tensor.close();
  }

  #firstRows(tensor: Tensor, rows: number): Tensor {
    const size = tensor.data.length / this.capacity;
    return new Tensor(
      this.#env,
      tensor.type,
      [rows, ...tensor.dims.slice(1)],
      tensor.data.subarray(0, rows * size),
    );
  }
}

/** Stores a number, as a BigInt where the array holds those. */
export function store(data: TensorData, index: number, value: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[index] = BigInt(value);
  else data[index] = value;
}

/** Copies rows of one element type or from float64. */
export function copyInto(to: TensorData, offset: number, from: TensorData): void {
  (to as Float64Array).set(from as Float64Array, offset);
}
