/**
 * Evaluates rows on several devices.
 * @module
 */
import { RuntimeLibraryError } from "../errors.ts";
import type { ServedNetwork } from "./admission.ts";
import type { CallLimits } from "./call_size.ts";
import type { DeviceReport } from "./device.ts";
import { DeviceFault, neededMemory } from "./device_fault.ts";
import { type DevicePoolOptions, DeviceRoster } from "./device_roster.ts";
import type { Environment } from "../runtime/environment.ts";
import type { TensorMetadata } from "../runtime/model_metadata.ts";
import { MAX_CONSECUTIVE_FAILURES, type PoolDevice } from "./pool_device.ts";
import { type PoolCall, PoolRows, RowBatch } from "./rows/row_batch.ts";
import { type RowLayout, RowMemory } from "./rows/row_memory.ts";
import type { RowCall } from "./rows/row_plans.ts";
import { shareRows } from "./rows/row_shares.ts";

export type { DevicePoolOptions };

/** Options of {@link DevicePool.run}. */
export interface PoolRunOptions extends CallLimits {
  /** Aborts; `run` rejects when the devices have stopped, at the latest after a second. */
  readonly signal?: AbortSignal;
  /** A device that is not used if there is another. */
  readonly avoid?: string;
}

/** Longest time that an aborted evaluation waits for the devices. */
const STOP_MS = 1000;

/** A failed call. */
interface FailedCall {
  readonly call: PoolCall;
  readonly row: RowCall;
  /** Memory of its rows. */
  readonly memory: RowMemory;
}

/**
 * Splits rows over devices in contiguous blocks, in proportion to their measured speed. Rows whose
 * device fails are evaluated again, on another device if there is one. The result depends neither
 * on failures nor on the split, if a row's result does not depend on its batch.
 */
export class DevicePool implements AsyncDisposable {
  /** The network's inputs. */
  readonly inputs: readonly TensorMetadata[];
  /** The network's outputs. */
  readonly outputs: readonly TensorMetadata[];
  readonly #roster: DeviceRoster;
  readonly #deadlineSeconds: number | undefined;
  readonly #batches = new Set<RowBatch>();
  #closed = false;

  private constructor(roster: DeviceRoster, deadlineSeconds: number | undefined) {
    this.#roster = roster;
    this.#deadlineSeconds = deadlineSeconds;
    const { inputs, outputs } = roster.all.find(({ link }) => link)!.link!;
    this.inputs = inputs;
    this.outputs = outputs;
    roster.events = {
      ready: (device) => this.#pump(device),
      orphaned: (call, { name }) => this.#distribute(call, name),
      allLost: (error) => this.#batches.forEach((batch) => batch.end(error)),
    };
  }

  /**
   * Opens a model on every device.
   *
   * @param model path or bytes of an ONNX file
   * @throws {ParataaError} of the first device, if none can be opened
   */
  static async open(
    environment: Environment,
    model: string | Uint8Array,
    options: DevicePoolOptions = {},
  ): Promise<DevicePool> {
    const roster = await DeviceRoster.open(environment, model, options);
    return new DevicePool(roster, options.deadlineSeconds);
  }

  /** The models on servers, each once. */
  get served(): readonly ServedNetwork[] {
    return this.#roster.served;
  }

  /** Names of the devices that are not lost. */
  get liveDevices(): readonly string[] {
    return this.#roster.live;
  }

  /** Allocates memory for `capacity` rows. */
  createRows(layout: RowLayout, capacity: number): PoolRows {
    return new PoolRows(new RowMemory(layout, capacity));
  }

  /** Releases the devices' resources for rows that are not used any more. */
  dropRows(rows: PoolRows): void {
    this.#roster.forget(rows.memory.id);
  }

  /**
   * Evaluates rows `0 … count-1`.
   *
   * @throws {RuntimeLibraryError} if no device is left, or none can evaluate a row
   */
  async run(rows: PoolRows, count: number, options: PoolRunOptions = {}): Promise<void> {
    if (this.#closed) throw new TypeError("DevicePool is closed");
    const { signal, avoid } = options;
    signal?.throwIfAborted();
    const batch = new RowBatch(rows, count, options);
    this.#batches.add(batch);
    const abort = () => this.#abort(batch, signal!.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      this.#distribute({ batch, start: 0, count, failures: 0 }, avoid);
      await batch.done;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#batches.delete(batch);
    }
  }

  /** Runs every call size once on every device: the first call of a size can be slow. */
  async warmUp(rows: PoolRows, buckets: readonly number[]): Promise<void> {
    const memory = rows.memory;
    const warmUpDevice = async (device: PoolDevice) => {
      for (const size of buckets.filter((size) => size <= rows.capacity)) {
        const call = { start: 0, count: size, padded: size };
        const deadline = device.deadline(size, this.#deadlineSeconds);
        // The run will report the same error.
        await device.link!.run(memory, call, deadline).catch(() => {});
      }
    };
    const ready = this.#roster.all.filter(({ state }) => state === "ready");
    await Promise.all(ready.map(warmUpDevice));
  }

  /** Reports of all devices. */
  report(): DeviceReport[] {
    return this.#roster.report();
  }

  /** Records that outputs of a device were not finite. */
  noteNonFinite(name: string, message: string): void {
    this.#roster.all.find((device) => device.name === name)?.note("nonfinite", message);
  }

  /** Closes all devices, and the sessions unless a hung native run may still use them. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const batch of this.#batches) batch.end(new TypeError("DevicePool is closed"));
    await this.#roster.close();
    for (const batch of this.#batches) batch.leave();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Gives every device its share of the rows. */
  #distribute(call: PoolCall, avoid?: string): void {
    const devices = this.#roster.available(avoid);
    if (devices.length === 0) {
      call.batch.end(this.#roster.noDeviceError());
      return;
    }
    let start = call.start;
    const shares = shareRows(call.count, devices);
    shares.forEach((count, i) => {
      if (count > 0) devices[i].add({ ...call, start, count });
      start += count;
    });
    for (const device of devices) this.#pump(device);
  }

  /** Starts the device's next call. */
  #pump(device: PoolDevice): void {
    if (device.current || device.state !== "ready") return;
    const next = device.next();
    if (!next) return;
    device.current = next.call;
    next.call.batch.inFlight++;
    void this.#perform(device, next.call, next.padded);
  }

  async #perform(device: PoolDevice, call: PoolCall, padded: number): Promise<void> {
    const { batch, start, count } = call;
    const { memory } = batch.rows;
    const row = { start, count, padded };
    try {
      const deadline = device.deadline(count, this.#deadlineSeconds);
      const milliseconds = await device.link!.run(memory, row, deadline);
      device.current = undefined;
      device.succeeded(count, milliseconds);
      batch.finish(call, memory, device.name);
    } catch (error) {
      device.current = undefined;
      this.#failed(device, { call, row, memory }, error);
    }
    batch.inFlight--;
    batch.endIfIdle();
    this.#pump(device);
  }

  #failed(device: PoolDevice, { call, row, memory }: FailedCall, error: unknown): void {
    const { batch } = call;
    if (!(error instanceof DeviceFault)) {
      batch.end(error instanceof Error ? error : new TypeError(String(error)));
      return;
    }
    // A stopped call is no fault of the device.
    if (this.#closed || (batch.over && error.survived)) return;
    const verdict = device.failed(error, row, batch.limits.frozenBatch !== undefined);
    if (!error.survived && batch.rows.memory === memory) this.#roster.forget(batch.rows.move().id);
    if (verdict === "lost") this.#roster.lose(device, reasonOf(error, row));
    else if (verdict === "restart") this.#roster.restart(device, error);
    if (batch.over) return;
    if (error.kind === "memory" && device.state === "ready") {
      device.putBack(call);
      return;
    }
    const failures = call.failures + 1;
    if (failures <= MAX_CONSECUTIVE_FAILURES * this.#roster.all.length) {
      this.#distribute({ ...call, failures }, device.name);
    } else { // The rows are at fault, not the devices.
      const reason = `no device can evaluate one of the rows: ${error.message}`;
      batch.end(new RuntimeLibraryError(reason));
    }
  }

  #abort(batch: RowBatch, reason: Error): void {
    batch.end(reason);
    for (const { current, link } of this.#roster.all) if (current?.batch === batch) link?.stop();
    // A device that does not stop must not delay Ctrl-C.
    const timer = setTimeout(() => batch.leave(), STOP_MS);
    const done = () => clearTimeout(timer);
    batch.done.then(done, done);
  }
}

function reasonOf(fault: DeviceFault, row: RowCall): string {
  if (fault.kind !== "memory") return fault.message;
  const rows = Math.max(row.count, row.padded);
  return `not enough memory for ${rows === 1 ? "one row" : `${rows} rows`}${
    neededMemory(fault.message)
  }: ${fault.message}`;
}
