/**
 * A noise-predicting network in ONNX Runtime with three inputs per row: latent, timestep,
 * condition.
 * @module
 */
import { elementsOf } from "../../elements_of.ts";
import { ModelError, RuntimeLibraryError } from "../../errors.ts";
import { bucketSizes } from "../../devices/call_size.ts";
import type { DevicePool, PoolRunOptions } from "../../devices/device_pool.ts";
import type { ServedNetwork } from "../../devices/admission.ts";
import type { DeviceReport } from "../../devices/device.ts";
import { areServed } from "../../devices/remote/remote_device.ts";
import type { Environment } from "../../runtime/environment.ts";
import type { RowLayout } from "../../devices/rows/row_memory.ts";
import { TENSOR_ARRAYS } from "../../runtime/tensor_type.ts";
import {
  checkContract,
  type ContractOptions,
  type LatentShape,
  type NetworkContract,
} from "./network_contract.ts";
import { batchWideOperators } from "./batch_wide.ts";
import { lowPrecisionError } from "./low_precision.ts";
import { openNetwork, type OpenOptions } from "./open_network.ts";
import { type ConditionRow, NetworkRows, rowLayout, store } from "./row_buffers.ts";

export type { DeviceReport, ServedNetwork };

/** Options of {@link ConditionalNetwork.open}. */
export interface ConditionalNetworkOptions extends ContractOptions, OpenOptions {}

/** Options of {@link ConditionalNetwork.run}. */
export type NetworkRunOptions = Pick<PoolRunOptions, "maxRows" | "signal" | "avoid">;

/**
 * A network on a pool of devices, with reusable memory for rows. Callers lease rows, fill them with
 * `set`, evaluate them together with {@link run} and read their `noise`. Several callers may do so
 * at once.
 */
export class ConditionalNetwork implements AsyncDisposable {
  /** The network's inputs and output. */
  readonly contract: NetworkContract;
  /** Notes for the user on how the network is run, one line each. */
  readonly notes: readonly string[];
  /** Sizes of a latent, `[channels, height, width]`. */
  readonly latentShape: LatentShape;
  /** Elements of a latent. */
  readonly rowSize: number;
  /** Operators that mix the rows of a call. If there are any, every row has its own call. */
  readonly batchWide: readonly string[];
  readonly #file: string;
  readonly #pool: DevicePool;
  readonly #layout: RowLayout;
  readonly #buckets: OpenOptions["buckets"];
  /** Rows that are not leased, each with its last owner. */
  readonly #free: { rows: NetworkRows; owner: object }[] = [];

  private constructor(
    pool: DevicePool,
    contract: NetworkContract,
    { notes, batchWide }: Pick<ConditionalNetwork, "notes" | "batchWide">,
    options: ConditionalNetworkOptions,
  ) {
    this.contract = contract;
    this.notes = notes;
    this.batchWide = batchWide;
    this.latentShape = contract.latentShape;
    this.rowSize = elementsOf(contract.latentShape);
    this.#file = options.file;
    this.#pool = pool;
    this.#layout = rowLayout(contract);
    this.#buckets = options.buckets;
  }

  /**
   * Opens the network and validates it against its contract.
   *
   * @throws {ModelError} if it cannot be loaded or violates the contract
   * @throws {RuntimeLibraryError} if that of a server violates it
   */
  static async open(
    env: Environment,
    options: ConditionalNetworkOptions,
  ): Promise<ConditionalNetwork> {
    const { pool, notes } = await openNetwork(env, options).catch(async (error) => {
      throw (areServed(options) ? undefined : await lowPrecisionError(options.file, error)) ??
        error;
    });
    try {
      const contract = checkContract(pool.inputs, pool.outputs, options);
      if (contract.frozenBatch) {
        notes.push(
          `${options.file}: the batch is frozen at ${contract.frozenBatch}, rows are split and padded to it`,
        );
      }
      const inputs = pool.inputs.map(({ name }) => name);
      const batchWide = areServed(options) ? [] : await batchWideOperators(options.file, inputs);
      if (batchWide.length > 0) {
        notes.push(
          `${options.file}: ${batchWide.join(", ")} uses one scale for all rows of a call, ` +
            "so every row is evaluated alone, whatever --batch_size",
        );
      }
      return new ConditionalNetwork(pool, contract, { notes, batchWide }, options);
    } catch (error) {
      await pool.close();
      if (!(error instanceof ModelError) || !areServed(options)) throw error;
      throw new RuntimeLibraryError(error.message, { hint: error.hint, cause: error });
    }
  }

  /** Models on servers that evaluate rows, each once. */
  get served(): readonly ServedNetwork[] {
    return this.#pool.served;
  }

  /** Reports of all devices. */
  get devices(): readonly DeviceReport[] {
    return this.#pool.report();
  }

  /**
   * Leases rows for `capacity` network rows, preferably the last ones of `owner`. Return them with
   * {@link release}.
   */
  lease(capacity: number, owner: object): NetworkRows {
    const fits = this.#free.filter(({ rows }) => rows.rows.capacity >= capacity);
    const best = fits.find((free) => free.owner === owner) ?? fits[0];
    // Rows too small for one caller rarely fit another, since windows are alike: replace them.
    const taken = best ?? this.#free.at(0);
    if (taken) this.#free.splice(this.#free.indexOf(taken), 1);
    if (best) return best.rows;
    if (taken) this.#pool.dropRows(taken.rows.rows);
    return new NetworkRows(this.#pool.createRows(this.#layout, capacity), this.contract);
  }

  /** Returns leased rows. */
  release(rows: NetworkRows, owner: object): void {
    this.#free.push({ rows, owner });
  }

  /**
   * Conditions of a row in the element types of the network's inputs; values of inputs that the
   * network has not are left out.
   *
   * @throws {ModelError} when an input has no values, or another number of them
   */
  conditionRow(values: Readonly<Record<string, ArrayLike<number>>>): ConditionRow {
    return this.contract.conditions.map(({ name, type, rowDims }) => {
      const size = elementsOf(rowDims), given = values[name];
      if (given?.length !== size) {
        throw new ModelError(
          `${this.#file} takes rows of ${size} elements as ${name}, got ${given?.length ?? "none"}`,
          { hint: "the parts of the folder do not belong together" },
        );
      }
      const row = new TENSOR_ARRAYS[type](size);
      for (let i = 0; i < size; i++) store(row, i, given[i]);
      return row;
    });
  }

  /**
   * Evaluates rows `0 … count-1`, divided over the devices.
   *
   * @throws {RuntimeLibraryError} if no device is left
   */
  async run(rows: NetworkRows, count: number, options: NetworkRunOptions = {}): Promise<void> {
    const { frozenBatch } = this.contract;
    const buckets = this.#bucketsFor(rows), alone = this.batchWide.length > 0;
    await this.#pool.run(rows.rows, count, { ...options, buckets, frozenBatch, alone });
  }

  /** Runs every size of call once if calls are padded; returns the sizes. */
  async warmUp(capacity: number): Promise<readonly number[]> {
    const rows = this.lease(capacity, this);
    try {
      const buckets = this.#bucketsFor(rows);
      if (buckets) await this.#pool.warmUp(rows.rows, buckets);
      return buckets ?? [];
    } finally {
      this.release(rows, this);
    }
  }

  /** Records in a device's report that its noise was not finite. */
  noteNonFinite(device: string, message: string): void {
    this.#pool.noteNonFinite(device, message);
  }

  /** Stops the devices and releases the sessions, after all calls have ended. */
  async close(): Promise<void> {
    this.#free.length = 0;
    await this.#pool.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #bucketsFor({ rows }: NetworkRows): readonly number[] | undefined {
    if (this.contract.frozenBatch !== undefined) return undefined;
    if (this.batchWide.length > 0) return this.#buckets && [1];
    if (this.#buckets !== "auto") return this.#buckets;
    return bucketSizes(Math.ceil(rows.capacity / this.#pool.liveDevices.length));
  }
}
