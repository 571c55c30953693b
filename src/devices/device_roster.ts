/**
 * Opens, replaces and closes the devices of a pool.
 * @module
 */
import { RuntimeLibraryError } from "../errors.ts";
import { Admission, type ServedNetwork } from "./admission.ts";
import { type DeviceReport, type DeviceSpec, onCpu } from "./device.ts";
import { DeviceFault } from "./device_fault.ts";
import { type Environment, shareEnvironment } from "../runtime/environment.ts";
import { DeviceSessions } from "./open_devices.ts";
import { PoolDevice } from "./pool_device.ts";
import { probeDevice } from "./probe.ts";
import { isRemote, type RemoteOptions } from "./remote/remote_device.ts";
import type { PoolCall } from "./rows/row_batch.ts";
import type { SessionOptions } from "../runtime/session_options.ts";

/** Options of {@link DevicePool.open}. */
export interface DevicePoolOptions {
  /**
   * The devices, each with its own Worker or connection. By default one session on this thread.
   */
  readonly devices?: readonly DeviceSpec[];
  /** Session options such as threads; the provider is that of each device. */
  readonly session?: SessionOptions;
  /**
   * Seconds after which a call counts as hung. Default: ten times the median time, at least 30, and
   * 600 for the first call.
   */
  readonly deadlineSeconds?: number;
  /** Seconds that a device may take to open its session; default 600. */
  readonly openSeconds?: number;
  /** Certificates and headers for models on servers. */
  readonly remote?: RemoteOptions;
  /** Device to continue on when all devices are lost; default none. */
  readonly fallback?: "cpu";
  /** Called with a line of text when a device is lost or replaced. */
  readonly onNote?: (line: string) => void;
}

/** Events of a roster. */
export interface RosterEvents {
  /** A device has been opened again. */
  ready(device: PoolDevice): void;
  /** A device with queued rows has failed. */
  orphaned(call: PoolCall, from: PoolDevice): void;
  /** The last device is lost. */
  allLost(error: RuntimeLibraryError): void;
}

/** Sessions that a hung native run may still use: they must not be garbage collected. */
const retainedSessions = new Set<DeviceSessions>();

const FALLBACK_NOTE = "no device is left; continuing on the CPU (--fallback)";

/** The devices of a pool, including lost ones. */
export class DeviceRoster {
  /** Receiver of the events; set before the first call. */
  events: RosterEvents | undefined;
  readonly #environment: Environment;
  readonly #sessions: DeviceSessions;
  readonly #devices: PoolDevice[] = [];
  readonly #options: DevicePoolOptions;
  readonly #admission: Admission;
  /** Whether no abandoned device is still inside ONNX Runtime. */
  #released = true;
  /** Devices that are being opened or closed. */
  readonly #pending: Promise<void>[] = [];
  /** Cancels devices that are being opened when the pool is closed. */
  readonly #closing: AbortController = new AbortController();

  private constructor(
    environment: Environment,
    model: string | Uint8Array,
    options: DevicePoolOptions,
  ) {
    this.#environment = shareEnvironment(environment);
    this.#sessions = new DeviceSessions(this.#environment, model, options);
    this.#options = options;
    this.#admission = new Admission((line) => this.#note(line));
  }

  /**
   * Opens all devices, or the fallback if none can be opened.
   *
   * @throws {ParataaError} of the first device, if none can be opened
   */
  static async open(
    environment: Environment,
    model: string | Uint8Array,
    options: DevicePoolOptions,
  ): Promise<DeviceRoster> {
    const roster = new DeviceRoster(environment, model, options);
    try {
      await roster.#openAll();
      return roster;
    } catch (error) {
      await roster.close();
      throw error instanceof DeviceFault ? new RuntimeLibraryError(error.message) : error;
    }
  }

  /** All devices, including lost ones. */
  get all(): readonly PoolDevice[] {
    return this.#devices;
  }

  /** The models on servers. */
  get served(): readonly ServedNetwork[] {
    return this.#admission.served;
  }

  /** Names of the devices that are not lost. */
  get live(): readonly string[] {
    return this.#devices.filter(({ state }) => state !== "lost").map(({ name }) => name);
  }

  /** The ready devices, else those that are starting; without `avoid` if there is another. */
  available(avoid: string | undefined): PoolDevice[] {
    for (const state of ["ready", "starting"]) {
      const devices = this.#devices.filter((device) => device.state === state);
      const others = devices.filter(({ name }) => name !== avoid);
      if (others.length > 0) return others;
      if (devices.length > 0) return devices;
    }
    return [];
  }

  /** Opens a device again, and gives its queued rows to the others. */
  restart(device: PoolDevice, fault: DeviceFault): void {
    this.#note(`${device.name} failed (${fault.message}); ${device.opener.remedy}`);
    this.#retire(device, "abandon");
    device.state = "starting";
    this.#openLater(device, "could not be opened again: ");
    for (const waiting of device.takeQueue()) this.events?.orphaned(waiting, device);
  }

  /** Marks a device as lost. If it was the last one, the fallback is opened, if there is one. */
  lose(device: PoolDevice, reason: string): void {
    this.#retire(device, "close");
    device.state = "lost";
    device.lostBecause = reason;
    this.#noteLost(device);
    if (this.live.length === 0 && !this.#fallBack()) this.events?.allLost(this.noDeviceError());
    for (const waiting of device.takeQueue()) this.events?.orphaned(waiting, device);
  }

  /** The error if no device is left, with the reason for each. */
  noDeviceError(): RuntimeLibraryError {
    const reasons = this.#devices.map(({ name, lostBecause }) => `${name} (${lostBecause})`);
    return new RuntimeLibraryError(`no device is left: ${reasons.join(", ")}`, {
      hint: "the manifest lists every device's faults; --fallback cpu continues on the CPU",
    });
  }

  /** Releases the resources of a memory on every device. */
  forget(memoryId: number): void {
    for (const { link } of this.#devices) link?.forget(memoryId);
  }

  /** Reports of all devices. */
  report(): DeviceReport[] {
    const rows = this.#devices.reduce((sum, device) => sum + device.rows, 0);
    return this.#devices.map((device) => device.report(rows));
  }

  /** Closes all devices, and the sessions unless a hung native run may still use them. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const device of this.#devices) this.#retire(device, "close");
    for (let pending; (pending = this.#pending.pop());) await pending;
    if (!this.#released) {
      retainedSessions.add(this.#sessions);
      return;
    }
    await this.#sessions.close();
    this.#environment.close();
  }

  async #openAll(): Promise<void> {
    const { devices, session } = this.#options;
    const openers = devices?.map((device) => this.#sessions.device(device)) ??
      [this.#sessions.local(session?.provider ?? "cpu")];
    this.#devices.push(...openers.map((opener) => new PoolDevice(opener)));
    const opened = await Promise.allSettled(this.#devices.map((device) => this.#open(device)));
    for (const device of this.#opened) this.#admission.compareTensors(device);
    const probed = await Promise.allSettled(this.#opened.map((device) => this.#probe(device)));
    const failed = [...opened, ...probed].find((result) => result.status === "rejected");
    if (failed && this.live.length === 0) {
      const fallback = this.#newFallback();
      if (!fallback) throw failed.reason;
      await this.#open(fallback);
    }
    for (const device of this.#devices) {
      if (device.state === "lost") this.#noteLost(device);
      else this.#admit(device);
    }
  }

  get #opened(): PoolDevice[] {
    return this.#devices.filter(({ link }) => link !== undefined);
  }

  /** Opens a device, or marks it as lost. */
  async #open(device: PoolDevice): Promise<void> {
    device.state = "starting";
    await this.#loseOnError(device, async () => {
      device.link = await device.opener.open({
        signal: this.#closing.signal,
        onNativeHang: () => this.#released = false,
      });
    });
  }

  /** Evaluates the fixed rows. Devices that open the same file need no comparison. */
  async #probe(device: PoolDevice): Promise<void> {
    if (!this.#options.devices?.some(isRemote)) return;
    await this.#loseOnError(device, async () => {
      // Without the deadline of the options: the first call may take longer.
      const deadline = device.deadline(1, undefined);
      device.probe = await probeDevice(device.link!, deadline).catch((error: Error) => {
        const reason = `${device.name} cannot evaluate a row: ${error.message}`;
        throw error instanceof DeviceFault ? new RuntimeLibraryError(reason) : error;
      });
    });
  }

  async #loseOnError(device: PoolDevice, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#retire(device, "abandon");
      device.note("open", message);
      device.state = "lost";
      device.lostBecause = message;
      throw error;
    }
  }

  /**
   * Marks an open device as ready.
   *
   * @throws {RuntimeLibraryError} if its network differs from that of the other devices
   */
  #admit(device: PoolDevice): void {
    this.#admission.admit(device);
    device.state = "ready";
  }

  /** Opens a device in the background. */
  #openLater(device: PoolDevice, prefix: string): void {
    const { signal } = this.#closing;
    const opened = this.#reopen(device).then(
      () => signal.aborted ? this.#retire(device, "close") : this.events?.ready(device),
      (error) => signal.aborted ? undefined : this.lose(device, prefix + error.message),
    );
    this.#pending.push(opened);
  }

  async #reopen(device: PoolDevice): Promise<void> {
    await this.#open(device);
    this.#admission.compareTensors(device);
    await this.#probe(device);
    this.#admit(device);
  }

  #fallBack(): boolean {
    if (this.#closing.signal.aborted) return false;
    const device = this.#newFallback();
    if (device) this.#openLater(device, "");
    return device !== undefined;
  }

  /** Adds the fallback device, if the options have one and it was not added before. */
  #newFallback(): PoolDevice | undefined {
    const { fallback } = this.#options;
    const options = onCpu(this.#sessions.options);
    const opener = this.#sessions.local("cpu (fallback)", options);
    if (fallback === undefined || this.#devices.some(({ name }) => name === opener.name)) return;
    this.#note(FALLBACK_NOTE);
    const device = new PoolDevice(opener);
    this.#devices.push(device);
    return device;
  }

  /** Ends a device's link. */
  #retire(device: PoolDevice, how: "close" | "abandon"): void {
    const { link } = device;
    if (!link) return;
    device.link = undefined;
    if (how === "abandon") this.#released = link.abandon() && this.#released;
    else {
      const closing = link.close().then((released) => {
        this.#released = released && this.#released;
      });
      this.#pending.push(closing);
    }
  }

  #note(line: string): void {
    this.#options.onNote?.(line);
  }

  #noteLost(device: PoolDevice): void {
    const { live } = this;
    const others = live.length > 0 ? `; continuing on ${live.join(", ")}` : "";
    this.#note(`${device.name} is lost: ${device.lostBecause}${others}`);
  }
}
