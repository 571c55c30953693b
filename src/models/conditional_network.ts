/** A noise-predicting network in ONNX Runtime, fed row by row: latent, timestep, condition. @module */
import type { Environment } from "../runtime/environment.ts";
import type { InferenceSession } from "../runtime/inference_session.ts";
import { TENSOR_ARRAYS } from "../runtime/tensor_type.ts";
import {
  checkContract,
  type ContractOptions,
  type LatentShape,
  type NetworkContract,
} from "./network_contract.ts";
import { openNetwork, type OpenOptions } from "./open_network.ts";
import { type ConditionRow, copyInto, RowBuffers, store } from "./row_buffers.ts";

/** Options of {@link ConditionalNetwork.open}. */
export interface ConditionalNetworkOptions extends ContractOptions, OpenOptions {}

/**
 * Holds one session and one set of row buffers. Rows are put in with `setRow`, evaluated together by `run` and read with
 * `noise`; the buffers are reused, so one caller at a time.
 */
export class ConditionalNetwork implements AsyncDisposable {
  /** What the network's inputs and output are. */
  readonly contract: NetworkContract;
  /** What the user should know of how the network is served, a line each. */
  readonly notes: readonly string[];
  /** Sizes of a latent, `[channels, height, width]`. */
  readonly latentShape: LatentShape;
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
    notes: readonly string[],
    options: ConditionalNetworkOptions,
  ) {
    this.contract = contract;
    this.notes = notes;
    this.latentShape = contract.latentShape;
    this.rowSize = contract.latentShape.reduce((a, b) => a * b, 1);
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
    const { session, notes } = await openNetwork(env, options);
    try {
      const contract = checkContract(session.inputs, session.outputs, options);
      if (contract.frozenBatch) {
        notes.push(
          `${options.file}: the batch is frozen at ${contract.frozenBatch}, rows are split and padded to it`,
        );
      }
      return new ConditionalNetwork(env, session, contract, notes, options);
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

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #buffers(): RowBuffers {
    if (!this.#rows) throw new TypeError("reserve() rows before using them");
    return this.#rows;
  }
}
