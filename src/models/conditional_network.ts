/** A noise-predicting network in ONNX Runtime, fed row by row: latent, timestep, condition. @module */
import { ModelError } from "../errors.ts";
import type { Environment } from "../runtime/environment.ts";
import { InferenceSession } from "../runtime/inference_session.ts";
import type { IoBinding } from "../runtime/io_binding.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import { Tensor } from "../runtime/tensor.ts";
import { TENSOR_ARRAYS, type TensorData } from "../runtime/tensor_type.ts";

import { checkContract, type ContractOptions, type NetworkContract } from "./network_contract.ts";

/** One row's condition in the element type of the network's input: a class label, a text embedding. */
export type ConditionRow = TensorData;

/** Options of {@link ConditionalNetwork.open}. */
export interface ConditionalNetworkOptions extends ContractOptions {
  session?: SessionOptions;
  /** Height and width of the latents where the network leaves them open. */
  latentSize?: [height: number, width: number];
}

/**
 * Holds one session and one set of row buffers. Rows are put in with `setRow`, evaluated together by `run` and read with
 * `noise`; the buffers are reused, so one caller at a time.
 */
export class ConditionalNetwork implements AsyncDisposable {
  readonly contract: NetworkContract;
  /** `[channels, height, width]` of a latent. */
  readonly latentShape: readonly [channels: number, height: number, width: number];
  /** Elements of a latent. */
  readonly rowSize: number;
  readonly #env: Environment;
  readonly #session: InferenceSession;
  readonly #conditionShape: readonly number[];
  readonly #conditionSize: number;
  #rows: RowBuffers | undefined;

  private constructor(
    env: Environment,
    session: InferenceSession,
    contract: NetworkContract,
    options: ConditionalNetworkOptions,
  ) {
    const [channels, height, width] = contract.latentShape;
    const size = [height ?? options.latentSize?.[0], width ?? options.latentSize?.[1]];
    if (size[0] === undefined || size[1] === undefined) {
      throw new ModelError(
        `${options.file} leaves the latent's height and width open, and nothing else says them`,
      );
    }
    this.contract = contract;
    this.latentShape = [channels, size[0], size[1]];
    this.rowSize = channels * size[0] * size[1];
    this.#env = env;
    this.#session = session;
    this.#conditionShape = options.conditionShape;
    this.#conditionSize = options.conditionShape.reduce((a, b) => a * b, 1);
  }

  /**
   * Opens the network and checks it against its contract.
   *
   * @throws {ModelError} when it cannot be loaded or does not meet the contract
   */
  static async open(
    env: Environment,
    options: ConditionalNetworkOptions,
  ): Promise<ConditionalNetwork> {
    const session = await InferenceSession.create(env, options.file, options.session);
    try {
      const contract = checkContract(session.inputs, session.outputs, options);
      return new ConditionalNetwork(env, session, contract, options);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Makes room for calls of `rows` rows and returns how many one call may have: a frozen batch stays what it is. */
  reserve(rows: number): number {
    const capacity = this.contract.frozenBatch ?? rows;
    if (this.#rows && this.#rows.capacity >= capacity) return capacity;
    this.#rows?.close();
    this.#rows = undefined;
    this.#rows = new RowBuffers(
      this.#env,
      capacity,
      this.contract,
      this.latentShape,
      this.#conditionShape,
    );
    return capacity;
  }

  /** A condition in the element type of the network's input. */
  conditionRow(values: ArrayLike<number>): ConditionRow {
    if (values.length !== this.#conditionSize) {
      throw new RangeError(`a condition has ${this.#conditionSize} elements, got ${values.length}`);
    }
    const row = new TENSOR_ARRAYS[this.contract.condition.type](values.length);
    for (let i = 0; i < values.length; i++) store(row, i, values[i]);
    return row;
  }

  /** Fills row `slot` with `latents[offset …]`, the model's timestep and a condition. */
  setRow(
    slot: number,
    latents: Float64Array,
    offset: number,
    timestep: number,
    condition: ConditionRow,
  ): void {
    const rows = this.#buffers();
    copyInto(
      rows.sample.data,
      slot * this.rowSize,
      latents.subarray(offset, offset + this.rowSize),
    );
    store(rows.timestep.data, slot, timestep);
    // A text embedding is larger than the latent, and a row mostly keeps its condition from call to call.
    if (rows.conditions[slot] === condition) return;
    rows.conditions[slot] = condition;
    copyInto(rows.condition.data, slot * this.#conditionSize, condition);
  }

  /** Evaluates rows `0 … count-1` as one batch. */
  async run(count: number, signal?: AbortSignal): Promise<void> {
    const rows = this.#buffers();
    const batch = this.contract.frozenBatch ?? count;
    for (let slot = count; slot < batch; slot++) rows.pad(slot);
    await rows.plan(this.#session, batch).run({ signal });
  }

  /** The network's noise for row `slot`, a view that the next `run` overwrites. */
  noise(slot: number): ArrayLike<number> {
    const { output } = this.#buffers();
    const size = this.rowSize / this.latentShape[0] * this.contract.outputChannels;
    const view = (output.data as Float32Array).subarray(slot * size, slot * size + this.rowSize);
    return view;
  }

  /** Releases the buffers and the session; waits for a call in flight. */
  async close(): Promise<void> {
    await this.#session.close();
    this.#rows?.close();
    this.#rows = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #buffers(): RowBuffers {
    if (!this.#rows) throw new TypeError("reserve() rows before using them");
    return this.#rows;
  }
}

/** Buffers for `capacity` rows and one prepared plan per batch size over the same memory. */
class RowBuffers {
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

function store(data: TensorData, index: number, value: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[index] = BigInt(value);
  else data[index] = value;
}

function copyInto(to: TensorData, offset: number, from: TensorData): void {
  (to as Float64Array).set(from as Float64Array, offset);
}
