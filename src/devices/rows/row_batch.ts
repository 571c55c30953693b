/**
 * Rows of one evaluation on their way through the devices.
 * @module
 */
import type { CallLimits } from "../call_size.ts";
import type { RowMemory } from "./row_memory.ts";
import type { TensorData } from "../../runtime/tensor_type.ts";

/** Memory of a caller's rows: it writes inputs, has them evaluated, reads outputs. */
export class PoolRows {
  #memory: RowMemory;
  /** Device that evaluated each row last. */
  readonly evaluatedBy: (string | undefined)[];

  constructor(memory: RowMemory) {
    this.#memory = memory;
    this.evaluatedBy = new Array(memory.capacity).fill(undefined);
  }

  /** Rows that it holds. */
  get capacity(): number {
    return this.#memory.capacity;
  }

  /** Elements of every input; ask again after an evaluation, which may have had to move them. */
  get inputs(): readonly TensorData[] {
    return this.#memory.inputs;
  }

  /** Elements of every output; ask again after an evaluation. */
  get outputs(): readonly TensorData[] {
    return this.#memory.outputs;
  }

  /** For the pool: where the rows lie now. */
  get memory(): RowMemory {
    return this.#memory;
  }

  /** Moves the rows away from a device that may still write to them. @returns where they were */
  move(): RowMemory {
    const old = this.#memory;
    this.#memory = old.copy();
    return old;
  }
}

/** Rows for one device to evaluate, in one call or several. */
export interface PoolCall {
  readonly batch: RowBatch;
  readonly start: number;
  readonly count: number;
  /** Times that a device failed at it. */
  readonly failures: number;
}

/** One evaluation of `count` rows. */
export class RowBatch {
  readonly rows: PoolRows;
  readonly limits: CallLimits;
  /** Calls that devices are at. */
  inFlight = 0;
  #left: number;
  #ending: Error | undefined;
  #settled = false;
  readonly #done: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(rows: PoolRows, count: number, limits: CallLimits) {
    this.rows = rows;
    this.limits = limits;
    this.#left = count;
  }

  /** Settles when every row is there, or nothing is to come any more. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Whether calls that nobody has begun are to be dropped. */
  get over(): boolean {
    return this.#ending !== undefined || this.#settled;
  }

  /** Takes in the rows of a call. */
  finish({ start, count }: PoolCall, memory: RowMemory, device: string): void {
    if (this.#settled) return;
    // The rows have moved on since this call began.
    if (memory !== this.rows.memory) this.rows.memory.takeOutputs(memory, start, count);
    this.rows.evaluatedBy.fill(device, start, start + count);
    this.#left -= count;
    if (this.#left === 0 && !this.#ending) this.#settle();
  }

  /** Ends it with an error once the calls under way are over. */
  end(error: Error): void {
    this.#ending ??= error;
    this.endIfIdle();
  }

  /** What {@link end} waits for may have happened. */
  endIfIdle(): void {
    if (this.#ending && this.inFlight === 0) this.#settle();
  }

  /** Waits no longer for calls under way: the rows move away from them. */
  leave(): void {
    if (this.#settled) return;
    this.rows.move();
    this.#settle();
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    if (this.#ending) this.#done.reject(this.#ending);
    else this.#done.resolve();
  }
}
