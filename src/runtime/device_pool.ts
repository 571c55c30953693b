/**
 * Rows in, rows out, over several devices.
 * @module
 */
import { RuntimeLibraryError } from "../errors.ts";
import type { CallLimits } from "./call_size.ts";
import type { DeviceReport, DeviceSpec } from "./device.ts";
import { DeviceFault, neededMemory } from "./device_fault.ts";
import { type Environment, shareEnvironment } from "./environment.ts";
import type { TensorMetadata } from "./model_metadata.ts";
import { DeviceSessions } from "./open_devices.ts";
import { MOST_IN_A_ROW, PoolDevice } from "./pool_device.ts";
import { type PoolCall, PoolRows, RowBatch } from "./row_batch.ts";
import { type RowLayout, RowMemory } from "./row_memory.ts";
import { shareRows } from "./row_shares.ts";
import type { SessionOptions } from "./session_options.ts";

/** Options of {@link DevicePool.open}. */
export interface DevicePoolOptions {
  /** A Worker for each; without them one session of this thread does all, made by `session`. */
  readonly devices?: readonly DeviceSpec[];
  /** Provider, threads and the like; the devices have the last word on the provider. */
  readonly session?: SessionOptions;
  /** Seconds after which a call counts as hung; by default ten times the usual, at least 30, and ten minutes for a first one. */
  readonly deadlineSeconds?: number;
  /** Seconds that a device may take to open its session, 600 by default. */
  readonly openSeconds?: number;
  /** What to go on with when all devices are lost; nothing by default. */
  readonly fallback?: "cpu";
  /** Called with a line for people when a device is lost or replaced. */
  readonly onNote?: (line: string) => void;
}

/** Options of {@link DevicePool.run}. */
export interface PoolRunOptions extends CallLimits {
  /** Rejects with its reason once the devices have stopped, or after a second. */
  readonly signal?: AbortSignal;
  /** A device to leave out if there is another. */
  readonly avoid?: string;
}

/** Sessions that a native run which nobody could end may still use: they must not even be collected. */
const stillInUse = new Set<DeviceSessions>();

const FALLBACK_NOTE = "no device is left; the CPU takes over, as --fallback says";

/** A stopped evaluation waits this long for the devices. */
const STOP_MS = 1000;

/**
 * Splits rows over devices in contiguous blocks, in proportion to their measured speed. Rows whose device fails are evaluated by
 * another one, or again; the result does not depend on it, nor on the split, where a row's result does not depend on its batch.
 */
export class DevicePool implements AsyncDisposable {
  /** The network's inputs. */
  readonly inputs: readonly TensorMetadata[];
  /** The network's outputs. */
  readonly outputs: readonly TensorMetadata[];
  readonly #environment: Environment;
  readonly #sessions: DeviceSessions;
  readonly #devices: PoolDevice[];
  readonly #options: DevicePoolOptions;
  readonly #batches = new Set<RowBatch>();
  /** Whether every device that was given up had left the native side. */
  #clean = true;
  /** Devices on their way in or out. */
  readonly #moving: Promise<void>[] = [];
  /** Calls off what is being opened when the pool is closed. */
  readonly #closing: AbortController = new AbortController();
  #closed = false;

  private constructor(
    environment: Environment,
    sessions: DeviceSessions,
    devices: PoolDevice[],
    options: DevicePoolOptions,
  ) {
    this.#environment = environment;
    this.#sessions = sessions;
    this.#devices = devices;
    this.#options = options;
    const { inputs, outputs } = devices.find(({ link }) => link)!.link!;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /**
   * Opens a model on every device.
   *
   * @param model path of an ONNX file, or the bytes of one
   * @throws {ParataaError} of the first device, when none can be opened
   */
  static async open(
    environment: Environment,
    model: string | Uint8Array,
    options: DevicePoolOptions = {},
  ): Promise<DevicePool> {
    const share = shareEnvironment(environment);
    const sessions = new DeviceSessions(share, model, options);
    const openers = options.devices?.map((device) => sessions.worker(device)) ??
      [sessions.local(options.session?.provider ?? "cpu")];
    const devices = openers.map((opener) => new PoolDevice(opener));
    const { signal } = new AbortController();
    const opened = await Promise.allSettled(devices.map((device) => start(device, signal)));
    const failed = opened.find((result) => result.status === "rejected");
    let fallback: PoolDevice | undefined;
    try {
      if (opened.every((result) => result.status === "rejected")) {
        if (options.fallback === undefined) throw failed!.reason;
        fallback = new PoolDevice(fallbackOpener(sessions));
        await start(fallback, signal);
      }
    } catch (error) {
      await sessions.close();
      share.close();
      throw error instanceof DeviceFault ? new RuntimeLibraryError(error.message) : error;
    }
    const all = fallback ? [...devices, fallback] : devices;
    const pool = new DevicePool(share, sessions, all, options);
    for (const device of devices) if (device.state === "lost") pool.#noteLost(device);
    if (fallback) options.onNote?.(FALLBACK_NOTE);
    return pool;
  }

  /** Names of the devices that take rows. */
  get liveDevices(): readonly string[] {
    return this.#devices.filter(({ state }) => state !== "lost").map(({ name }) => name);
  }

  /** Memory for `capacity` rows. */
  createRows(layout: RowLayout, capacity: number): PoolRows {
    return new PoolRows(new RowMemory(layout, capacity));
  }

  /** Has the devices drop what they hold over rows that are not used any more. */
  dropRows(rows: PoolRows): void {
    this.#forget(rows.memory.id);
  }

  /**
   * Evaluates rows `0 … count-1`.
   *
   * @throws {RuntimeLibraryError} when no device is left that can
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

  /** Runs every size once on every device, so that none is met for the first time in a round. */
  async warmUp(rows: PoolRows, buckets: readonly number[]): Promise<void> {
    const memory = rows.memory;
    const one = async (device: PoolDevice) => {
      for (const size of buckets.filter((size) => size <= rows.capacity)) {
        const call = { start: 0, count: size, padded: size };
        const deadline = device.deadline(size, this.#options.deadlineSeconds);
        // What fails here fails again where it is dealt with.
        await device.link!.run(memory, call, deadline).catch(() => {});
      }
    };
    await Promise.all(this.#devices.filter(({ state }) => state === "ready").map(one));
  }

  /** What every device did so far. */
  report(): DeviceReport[] {
    const rows = this.#devices.reduce((sum, device) => sum + device.rows, 0);
    return this.#devices.map((device) => device.report(rows));
  }

  /** Notes that a device gave numbers that are not finite. */
  noteNonFinite(name: string, message: string): void {
    this.#devices.find((device) => device.name === name)?.note("nonfinite", message);
  }

  /** Ends every Worker and releases the sessions, unless a native run that cannot be ended still uses them. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const batch of this.#batches) batch.end(new TypeError("DevicePool is closed"));
    for (const device of this.#devices) if (device.state !== "lost") this.#retire(device, "close");
    this.#closing.abort();
    for (let moving; (moving = this.#moving.pop());) await moving;
    for (const batch of this.#batches) batch.leave();
    if (!this.#clean) {
      stillInUse.add(this.#sessions);
      return;
    }
    await this.#sessions.close();
    this.#environment.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Gives every device its share of the rows. */
  #distribute(call: PoolCall, avoid?: string): void {
    const takers = this.#takers(avoid);
    if (takers.length === 0) {
      call.batch.end(this.#noneLeft());
      return;
    }
    let start = call.start;
    const shares = shareRows(call.count, takers);
    shares.forEach((count, i) => {
      if (count > 0) takers[i].add({ ...call, start, count });
      start += count;
    });
    for (const device of takers) this.#pump(device);
  }

  /** Devices that are ready, else those that will be. */
  #takers(avoid: string | undefined): PoolDevice[] {
    for (const state of ["ready", "starting"]) {
      const takers = this.#devices.filter((device) => device.state === state);
      const others = takers.filter(({ name }) => name !== avoid);
      if (others.length > 0) return others;
      if (takers.length > 0) return takers;
    }
    return [];
  }

  /** Has a device begin its next call. */
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
      const deadline = device.deadline(count, this.#options.deadlineSeconds);
      const milliseconds = await device.link!.run(memory, row, deadline);
      device.current = undefined;
      device.succeeded(count, milliseconds);
      batch.finish(call, memory, device.name);
    } catch (error) {
      device.current = undefined;
      this.#failed(device, { call, row, memory, error });
    }
    batch.inFlight--;
    batch.endIfIdle();
    this.#pump(device);
  }

  #failed(
    device: PoolDevice,
    { call, row, memory, error }: {
      call: PoolCall;
      row: { start: number; count: number; padded: number };
      memory: RowMemory;
      error: unknown;
    },
  ): void {
    const { batch } = call;
    if (!(error instanceof DeviceFault)) {
      batch.end(error instanceof Error ? error : new TypeError(String(error)));
      return;
    }
    // It was asked to stop, and did.
    if (batch.over && error.survived) return;
    const frozen = batch.limits.frozenBatch !== undefined;
    const verdict = device.failed(error, row, frozen);
    if (!error.survived && batch.rows.memory === memory) this.#forget(batch.rows.move().id);
    if (verdict === "lost") this.#lose(device, reasonOf(error, row));
    else if (verdict === "restart") this.#restart(device, error);
    if (batch.over) return;
    if (error.kind === "memory" && device.state === "ready") {
      device.putBack(call);
      return;
    }
    const failures = call.failures + 1;
    if (failures > MOST_IN_A_ROW * this.#devices.length) {
      // The devices are fine with other rows.
      batch.end(
        new RuntimeLibraryError(`no device can evaluate one of the rows: ${error.message}`),
      );
    } else this.#distribute({ ...call, failures }, device.name);
  }

  /** A new Worker for a device; until it is there others take its rows. */
  #restart(device: PoolDevice, fault: DeviceFault): void {
    this.#options.onNote?.(`${device.name} failed (${fault.message}); it gets a new Worker`);
    this.#retire(device, "abandon");
    device.state = "starting";
    this.#open(device, "could not be opened again: ");
    for (const waiting of device.takeQueue()) this.#distribute(waiting, device.name);
  }

  #lose(device: PoolDevice, reason: string): void {
    this.#retire(device, "close");
    device.state = "lost";
    device.lostBecause = reason;
    this.#noteLost(device);
    if (this.liveDevices.length === 0 && !this.#closed) this.#allLost();
    for (const waiting of device.takeQueue()) this.#distribute(waiting);
  }

  #noteLost(device: PoolDevice): void {
    const live = this.liveDevices.length;
    const others = live > 0
      ? `; ${this.liveDevices.join(", ")} ${live > 1 ? "go" : "goes"} on`
      : "";
    this.#options.onNote?.(`${device.name} is lost: ${device.lostBecause}${others}`);
  }

  /** The fallback takes over where there is one; it must have been asked for. */
  #allLost(): void {
    const opener = fallbackOpener(this.#sessions);
    const tried = this.#devices.some(({ name }) => name === opener.name);
    if (this.#options.fallback === undefined || tried) {
      for (const batch of this.#batches) batch.end(this.#noneLeft());
      return;
    }
    const device = new PoolDevice(opener);
    this.#devices.push(device);
    this.#options.onNote?.(FALLBACK_NOTE);
    this.#open(device, "");
  }

  /** Opens a device while the others work. */
  #open(device: PoolDevice, prefix: string): void {
    const opened = start(device, this.#closing.signal).then(
      () => this.#closed ? this.#retire(device, "close") : this.#pump(device),
      (error) => this.#closed ? undefined : this.#lose(device, prefix + error.message),
    );
    this.#moving.push(opened);
  }

  #noneLeft(): RuntimeLibraryError {
    const reasons = this.#devices.map(({ name, lostBecause }) => `${name} (${lostBecause})`);
    return new RuntimeLibraryError(`no device is left: ${reasons.join(", ")}`, {
      hint: "the manifest lists every device's faults; --fallback cpu would go on with the CPU",
    });
  }

  /** Ends a device's link. */
  #retire(device: PoolDevice, how: "close" | "abandon"): void {
    const { link } = device;
    if (!link) return;
    device.link = undefined;
    if (how === "abandon") this.#clean = link.abandon() && this.#clean;
    else {
      const closing = link.close().then((clean) => void (this.#clean = clean && this.#clean));
      this.#moving.push(closing);
    }
  }

  #abort(batch: RowBatch, reason: Error): void {
    batch.end(reason);
    for (const { current, link } of this.#devices) if (current?.batch === batch) link?.stop();
    // A device that does not stop must not hold up a Ctrl-C.
    const timer = setTimeout(() => batch.leave(), STOP_MS);
    const done = () => clearTimeout(timer);
    batch.done.then(done, done);
  }

  #forget(memoryId: number): void {
    for (const { link } of this.#devices) link?.forget(memoryId);
  }
}

/** Opens a device, or marks it lost. */
async function start(device: PoolDevice, signal: AbortSignal): Promise<void> {
  device.state = "starting";
  try {
    device.link = await device.opener.open(signal);
    device.state = "ready";
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    device.note("open", message);
    device.state = "lost";
    device.lostBecause = message;
    throw error;
  }
}

function fallbackOpener(sessions: DeviceSessions): ReturnType<DeviceSessions["local"]> {
  return sessions.local("cpu (fallback)", { ...sessions.options, provider: "cpu" });
}

function reasonOf(fault: DeviceFault, row: { count: number; padded: number }): string {
  if (fault.kind !== "memory") return fault.message;
  const rows = Math.max(row.count, row.padded);
  return `not enough memory for ${rows === 1 ? "one row" : `${rows} rows`}${
    neededMemory(fault.message)
  }: ${fault.message}`;
}
