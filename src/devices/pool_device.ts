/**
 * Queue, speed and faults of one device of a pool.
 * @module
 */
import { CallTimes } from "./call_times.ts";
import { nextCall } from "./call_size.ts";
import type { DeviceReport, FaultKind } from "./device.ts";
import type { DeviceFault } from "./device_fault.ts";
import type { DeviceLink } from "./device_link.ts";
import type { Probe } from "./probe.ts";
import type { PoolCall } from "./rows/row_batch.ts";
import type { RowCall } from "./rows/row_plans.ts";
import type { DeviceLoad } from "./rows/row_shares.ts";

/** The speed is known after 3 calls: the first ones may be unusually slow. */
const MIN_MEASURED_CALLS = 3;
/** Consecutive failed calls after which a device is lost. */
export const MAX_CONSECUTIVE_FAILURES = 3;
/**
 * Deadline of a call before the speed is known: a GPU's first runs choose and load kernels, a CPU
 * may be slow.
 */
const FIRST_DEADLINE_MS = 600_000;
/** Later deadlines are this multiple of the median time, and at least 30 s. */
const DEADLINE_FACTOR = 10, MIN_DEADLINE_MS = 30_000;

/** Options of {@link DeviceOpener.open}. */
export interface OpenOptions {
  /** Cancels the opening of a Worker. */
  readonly signal: AbortSignal;
  /** Called if a Worker that was abandoned while it opened may still use the session. */
  readonly onNativeHang: () => void;
}

/** Opens a device. */
export interface DeviceOpener {
  readonly name: string;
  /** How often the device may be opened again. */
  readonly restarts: number;
  /** How the device is replaced, for the note. */
  readonly remedy: string;
  /** Whether the device has its own session, so that opening it again releases memory. */
  readonly ownSession: boolean;
  open(options: OpenOptions): Promise<DeviceLink>;
}

/** A device of a pool. */
export class PoolDevice implements DeviceLoad {
  readonly opener: DeviceOpener;
  link: DeviceLink | undefined;
  /** Outputs of two fixed rows, if devices are compared by them. */
  probe: Probe | undefined;
  state: "starting" | "ready" | "lost" = "starting";
  /** Why the device is lost. */
  lostBecause = "";
  /** The running call. */
  current: PoolCall | undefined;
  readonly #queue: PoolCall[] = [];
  readonly #times = new CallTimes();
  /** Largest number of rows per call that fits in the device's memory. */
  #limit = Infinity;
  #rows = 0;
  #calls = 0;
  #milliseconds = 0;
  #retries = 0;
  #restarts = 0;
  #consecutiveFailures = 0;
  #consecutiveOutOfMemory = 0;
  readonly #faults = new Map<FaultKind, { message: string; count: number }>();

  constructor(opener: DeviceOpener) {
    this.opener = opener;
  }

  get name(): string {
    return this.opener.name;
  }

  /** Rows per millisecond. */
  get speed(): number | undefined {
    const { perRow, count } = this.#times;
    const known = perRow !== undefined && count >= MIN_MEASURED_CALLS;
    return known ? 1 / Math.max(perRow, 1e-6) : undefined;
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

  /** Takes the next call from the queue, limited to a size that the device can evaluate. */
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

  /**
   * Deadline of a call, in milliseconds.
   *
   * @param seconds the deadline that the user has set
   */
  deadline(rows: number, seconds: number | undefined): number {
    if (seconds !== undefined) return seconds * 1000;
    const { perRow } = this.#times;
    if (perRow === undefined) return FIRST_DEADLINE_MS;
    return Math.max(MIN_DEADLINE_MS, DEADLINE_FACTOR * perRow * rows);
  }

  /** Records a successful call. */
  succeeded(rows: number, milliseconds: number): void {
    this.#rows += rows;
    this.#calls++;
    this.#milliseconds += milliseconds;
    this.#consecutiveFailures = this.#consecutiveOutOfMemory = 0;
    this.#times.add(rows, milliseconds);
  }

  /** Records a fault. */
  note(kind: FaultKind, message: string): void {
    const known = this.#faults.get(kind);
    if (known) known.count++;
    else this.#faults.set(kind, { message, count: 1 });
  }

  /** Records a failed call; returns what to do with the device. */
  failed(fault: DeviceFault, { count, padded }: RowCall, frozen: boolean): Verdict {
    this.note(fault.kind, fault.message);
    this.#retries++;
    if (fault.kind === "memory") return this.#outOfMemory(Math.max(count, padded), frozen);
    this.#consecutiveFailures++;
    const total = [...this.#faults.values()].reduce((sum, { count }) => sum + count, 0);
    // A device may also fail often, but never several times in a row.
    const often = total > MAX_CONSECUTIVE_FAILURES + this.#calls / 10;
    if (this.#consecutiveFailures >= MAX_CONSECUTIVE_FAILURES || often) return "lost";
    return fault.survived ? "again" : this.#restart();
  }

  /** Reports rows, times and faults. `allRows` is the number of rows of all devices. */
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

  /** Number of rows that the device has evaluated. */
  get rows(): number {
    return this.#rows;
  }

  /** Halves the rows of the next call, and requests a new session if that did not help. */
  #outOfMemory(rows: number, frozen: boolean): Verdict {
    if (rows === 1 || frozen) return "lost";
    this.#limit = Math.floor(rows / 2);
    return ++this.#consecutiveOutOfMemory > 1 && this.opener.ownSession ? this.#restart() : "again";
  }

  #restart(): Verdict {
    if (this.#restarts >= this.opener.restarts) return "lost";
    this.#restarts++;
    return "restart";
  }
}

/** `again`: the device continues; `restart`: it must be opened again; `lost`: it is not used. */
export type Verdict = "again" | "restart" | "lost";
