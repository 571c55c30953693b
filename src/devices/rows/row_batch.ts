/**
 * The rows of one evaluation and its state.
 * @module
 */
import type { CallLimits } from "../call_size.ts";
import type { RowMemory } from "./row_memory.ts";
import type { TensorData } from "../../runtime/tensor_type.ts";

/** Inputs and outputs of a caller's rows. */
export class PoolRows {
  #memory: RowMemory;
  /** Device that evaluated each row last. */
  readonly evaluatedBy: (string | undefined)[];

  constructor(memory: RowMemory) {
    this.#memory = memory;
    this.evaluatedBy = new Array(memory.capacity).fill(undefined);
  }

  /** Number of rows. */
  get capacity(): number {
    return this.#memory.capacity;
  }

  /** Elements of every input. Read it again after an evaluation, which may move the memory. */
  get inputs(): readonly TensorData[] {
    return this.#memory.inputs;
  }

  /** Elements of every output. Read it again after an evaluation, which may move the memory. */
  get outputs(): readonly TensorData[] {
    return this.#memory.outputs;
  }

  /** The current memory, for the pool. */
  get memory(): RowMemory {
    return this.#memory;
  }

  /** Moves the rows to new memory that no failed device writes to. @returns the old memory */
  move(): RowMemory {
    const old = this.#memory;
    this.#memory = old.copy();
    return old;
  }
}

/** Rows that one device evaluates, in one or several calls. */
export interface PoolCall {
  readonly batch: RowBatch;
  readonly start: number;
  readonly count: number;
  /** Number of failed attempts. */
  readonly failures: number;
}

/** One evaluation of `count` rows. */
export class RowBatch {
  readonly rows: PoolRows;
  readonly limits: CallLimits;
  /** Number of running calls. */
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

  /** Settles when all rows are evaluated or the batch has ended. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  /** Whether queued calls must be dropped. */
  get over(): boolean {
    return this.#ending !== undefined || this.#settled;
  }

  /** Records the results of a call. */
  finish({ start, count }: PoolCall, memory: RowMemory, device: string): void {
    if (this.#settled) return;
    // The rows have moved since this call began.
    if (memory !== this.rows.memory) this.rows.memory.copyOutputs(memory, start, count);
    this.rows.evaluatedBy.fill(device, start, start + count);
    this.#left -= count;
    if (this.#left === 0 && !this.#ending) this.#settle();
  }

  /** Ends the batch with an error when no call is running any more. */
  end(error: Error): void {
    this.#ending ??= error;
    this.endIfIdle();
  }

  /** Settles an ended batch if no call is running. */
  endIfIdle(): void {
    if (this.#ending && this.inFlight === 0) this.#settle();
  }

  /** Settles without waiting for running calls; the rows are moved. */
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
