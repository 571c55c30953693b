/**
 * A device of a pool: its queue, its speed, and what it has on its conscience.
 * @module
 */
import { nextCall } from "./call_size.ts";
import type { DeviceReport, FaultKind } from "./device.ts";
import type { DeviceFault } from "./device_fault.ts";
import type { DeviceLink } from "./device_link.ts";
import type { Probe } from "./probe.ts";
import type { PoolCall } from "./rows/row_batch.ts";
import type { RowCall } from "./rows/row_plans.ts";
import type { RowTaker } from "./rows/row_shares.ts";

/**
 * Calls whose times the speed is the median of, and how many it takes: a first call alone may be
 * slow for once.
 */
const REMEMBERED = 7, ENOUGH = 3;
/** Failed calls in a row after which a device is lost. */
export const MOST_IN_A_ROW = 3;
/**
 * Time for a call whose length nobody knows yet: a GPU's first runs choose and load kernels, a CPU
 * may be slow.
 */
const FIRST_CALL_MS = 600_000;
/** A call may take this many times the median, and this long in any case. */
const PATIENCE = 10, LEAST_PATIENCE_MS = 30_000;

/** Options of {@link DeviceOpener.open}. */
export interface OpenOptions {
  /** Calls the opening of a Worker off. */
  readonly signal: AbortSignal;
  /** Called when a Worker that was given up while it opened may still use the session. */
  readonly onStuck: () => void;
}

/** How to open a device. */
export interface DeviceOpener {
  readonly name: string;
  /** How often it may be opened again. */
  readonly restarts: number;
  /** How it is replaced, for the note. */
  readonly remedy: string;
  /** Whether its session is its own, so that opening it again gives back what memory it holds. */
  readonly ownSession: boolean;
  open(options: OpenOptions): Promise<DeviceLink>;
}

/** See the module. */
export class PoolDevice implements RowTaker {
  readonly opener: DeviceOpener;
  link: DeviceLink | undefined;
  /** What it answers to fixed rows, where devices are compared by them. */
  probe: Probe | undefined;
  state: "starting" | "ready" | "lost" = "starting";
  /** Why it is lost. */
  lostBecause = "";
  /** What it is at. */
  current: PoolCall | undefined;
  readonly #queue: PoolCall[] = [];
  readonly #millisecondsPerRow: number[] = [];
  /** Rows per call that its memory holds. */
  #limit = Infinity;
  #rows = 0;
  #calls = 0;
  #milliseconds = 0;
  #retries = 0;
  #restarts = 0;
  #inARow = 0;
  #outOfMemoryInARow = 0;
  readonly #faults = new Map<FaultKind, { message: string; count: number }>();

  constructor(opener: DeviceOpener) {
    this.opener = opener;
  }

  get name(): string {
    return this.opener.name;
  }

  /** Rows a millisecond. */
  get speed(): number | undefined {
    const time = this.#medianTime();
    const known = time !== undefined && this.#millisecondsPerRow.length >= ENOUGH;
    return known ? 1 / Math.max(time, 1e-6) : undefined;
  }

  get waiting(): number {
    const queued = this.#queue.reduce((sum, { count }) => sum + count, 0);
    return queued + (this.current?.count ?? 0);
  }

  /** Puts rows at the end of the queue. */
  add(call: PoolCall): void {
    this.#queue.push(call);
  }

  /** Puts rows at the front of the queue. */
  putBack(call: PoolCall): void {
    this.#queue.unshift(call);
  }

  /** Empties the queue. */
  takeQueue(): PoolCall[] {
    return this.#queue.splice(0);
  }

  /** The next call, cut to a size that it can take. */
  next(): { call: PoolCall; padded: number } | undefined {
    while (this.#queue[0]?.batch.over) this.#queue.shift();
    const first = this.#queue.shift();
    if (!first) return undefined;
    const { rows, padded } = nextCall(first.count, first.batch.limits, this.#limit);
    if (rows < first.count) {
      this.#queue.unshift({ ...first, start: first.start + rows, count: first.count - rows });
    }
    return { call: { ...first, count: rows }, padded };
  }

  /** When a call is given up. */
  deadline(rows: number, seconds: number | undefined): number {
    if (seconds !== undefined) return seconds * 1000;
    const time = this.#medianTime();
    return time === undefined ? FIRST_CALL_MS : Math.max(LEAST_PATIENCE_MS, PATIENCE * time * rows);
  }

  /** Counts a call that went well. */
  succeeded(rows: number, milliseconds: number): void {
    this.#rows += rows;
    this.#calls++;
    this.#milliseconds += milliseconds;
    this.#inARow = this.#outOfMemoryInARow = 0;
    this.#millisecondsPerRow.push(milliseconds / rows);
    if (this.#millisecondsPerRow.length > REMEMBERED) this.#millisecondsPerRow.shift();
  }

  /** Notes what went wrong. */
  note(kind: FaultKind, message: string): void {
    const known = this.#faults.get(kind);
    if (known) known.count++;
    else this.#faults.set(kind, { message, count: 1 });
  }

  /**
   * Notes a call that failed and says what is to become of the device: `again` has it go on,
   * `restart` wants a new Worker, `lost` is the end of it.
   */
  failed(fault: DeviceFault, { count, padded }: RowCall, frozen: boolean): Verdict {
    this.note(fault.kind, fault.message);
    this.#retries++;
    if (fault.kind === "memory") return this.#outOfMemory(Math.max(count, padded), frozen);
    this.#inARow++;
    const total = [...this.#faults.values()].reduce((sum, { count }) => sum + count, 0);
    // A device that fails at every other call is not worth waiting for.
    const often = total > MOST_IN_A_ROW + this.#calls / 10;
    if (this.#inARow >= MOST_IN_A_ROW || often) return "lost";
    return fault.survived ? "again" : this.#restart();
  }

  /** Its part in what was done. */
  report(allRows: number): DeviceReport {
    return {
      name: this.name,
      state: this.state === "lost" ? "lost" : "ready",
      rows: this.#rows,
      share: allRows === 0 ? 0 : this.#rows / allRows,
      calls: this.#calls,
      seconds: this.#milliseconds / 1000,
      retries: this.#retries,
      restarts: this.#restarts,
      ...(Number.isFinite(this.#limit) ? { maxRows: this.#limit } : {}),
      faults: [...this.#faults].map(([kind, { message, count }]) => ({ kind, message, count })),
    };
  }

  /** Rows that it evaluated. */
  get rows(): number {
    return this.#rows;
  }

  #medianTime(): number | undefined {
    return [...this.#millisecondsPerRow].sort((a, b) =>
      a - b
    )[this.#millisecondsPerRow.length >> 1];
  }

  /** Half the rows next time, and a fresh session where that did not help. */
  #outOfMemory(rows: number, frozen: boolean): Verdict {
    if (rows === 1 || frozen) return "lost";
    this.#limit = Math.floor(rows / 2);
    return ++this.#outOfMemoryInARow > 1 && this.opener.ownSession ? this.#restart() : "again";
  }

  #restart(): Verdict {
    if (this.#restarts >= this.opener.restarts) return "lost";
    this.#restarts++;
    return "restart";
  }
}

/** See {@link PoolDevice.failed}. */
export type Verdict = "again" | "restart" | "lost";
