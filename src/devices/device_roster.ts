/**
 * The devices of a pool: opened, replaced, lost, closed.
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
   * A Worker or a connection for each; without them one session of this thread does all, made by
   * `session`.
   */
  readonly devices?: readonly DeviceSpec[];
  /** Provider, threads and the like; the devices have the last word on the provider. */
  readonly session?: SessionOptions;
  /**
   * Seconds after which a call counts as hung; by default ten times the usual, at least 30, and ten
   * minutes for a first one.
   */
  readonly deadlineSeconds?: number;
  /** Seconds that a device may take to open its session, 600 by default. */
  readonly openSeconds?: number;
  /** Certificates and headers for models on servers. */
  readonly remote?: RemoteOptions;
  /** What to go on with when all devices are lost; nothing by default. */
  readonly fallback?: "cpu";
  /** Called with a line for people when a device is lost or replaced. */
  readonly onNote?: (line: string) => void;
}

/** What the roster tells of. */
export interface RosterEvents {
  /** A device was opened again. */
  ready(device: PoolDevice): void;
  /** Rows that waited for a device that is gone. */
  orphaned(call: PoolCall, from: PoolDevice): void;
  /** The last device is lost. */
  allLost(error: RuntimeLibraryError): void;
}

/**
 * Sessions that a native run which nobody could end may still use: they must not even be collected.
 */
const stillInUse = new Set<DeviceSessions>();

const FALLBACK_NOTE = "no device is left; the CPU takes over, as --fallback says";

/** See the module. */
export class DeviceRoster {
  /** Who hears of it; set before anything runs. */
  events: RosterEvents | undefined;
  readonly #environment: Environment;
  readonly #sessions: DeviceSessions;
  readonly #devices: PoolDevice[] = [];
  readonly #options: DevicePoolOptions;
  readonly #admission: Admission;
  /** Whether every device that was given up had left the native side. */
  #clean = true;
  /** Devices on their way in or out. */
  readonly #moving: Promise<void>[] = [];
  /** Calls off what is being opened when the pool is closed. */
  readonly #closing: AbortController = new AbortController();

  private constructor(
    environment: Environment,
    model: string | Uint8Array,
    options: DevicePoolOptions,
  ) {
    this.#environment = shareEnvironment(environment);
    this.#sessions = new DeviceSessions(this.#environment, model, options);
    this.#options = options;
    this.#admission = new Admission((line) => this.#tell(line));
  }

  /**
   * Opens every device, or the fallback.
   *
   * @throws {ParataaError} of the first device, when none can be opened
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

  /** Every device that there ever was. */
  get all(): readonly PoolDevice[] {
    return this.#devices;
  }

  /** Models on servers that devices stand for. */
  get served(): readonly ServedNetwork[] {
    return this.#admission.served;
  }

  /** Names of the devices that take rows, or will. */
  get live(): readonly string[] {
    return this.#devices.filter(({ state }) => state !== "lost").map(({ name }) => name);
  }

  /** Devices that are ready, else those that will be; without `avoid` where there is another. */
  takers(avoid: string | undefined): PoolDevice[] {
    for (const state of ["ready", "starting"]) {
      const takers = this.#devices.filter((device) => device.state === state);
      const others = takers.filter(({ name }) => name !== avoid);
      if (others.length > 0) return others;
      if (takers.length > 0) return takers;
    }
    return [];
  }

  /** Opens a device again; until it is there others take its rows. */
  restart(device: PoolDevice, fault: DeviceFault): void {
    this.#tell(`${device.name} failed (${fault.message}); ${device.opener.remedy}`);
    this.#retire(device, "abandon");
    device.state = "starting";
    this.#openLater(device, "could not be opened again: ");
    for (const waiting of device.takeQueue()) this.events?.orphaned(waiting, device);
  }

  /** The end of a device; with the last one the fallback takes over, if it was asked for. */
  lose(device: PoolDevice, reason: string): void {
    this.#retire(device, "close");
    device.state = "lost";
    device.lostBecause = reason;
    this.#tellLost(device);
    if (this.live.length === 0 && !this.#fallBack()) this.events?.allLost(this.noneLeft());
    for (const waiting of device.takeQueue()) this.events?.orphaned(waiting, device);
  }

  /** Why no device is left. */
  noneLeft(): RuntimeLibraryError {
    const reasons = this.#devices.map(({ name, lostBecause }) => `${name} (${lostBecause})`);
    return new RuntimeLibraryError(`no device is left: ${reasons.join(", ")}`, {
      hint: "the manifest lists every device's faults; --fallback cpu would go on with the CPU",
    });
  }

  /** Has every device drop what it holds over a memory. */
  forget(memoryId: number): void {
    for (const { link } of this.#devices) link?.forget(memoryId);
  }

  /** What every device did so far. */
  report(): DeviceReport[] {
    const rows = this.#devices.reduce((sum, device) => sum + device.rows, 0);
    return this.#devices.map((device) => device.report(rows));
  }

  /**
   * Ends every device and releases the sessions, unless a native run that cannot be ended still
   * uses them.
   */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const device of this.#devices) this.#retire(device, "close");
    for (let moving; (moving = this.#moving.pop());) await moving;
    if (!this.#clean) {
      stillInUse.add(this.#sessions);
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
      if (device.state === "lost") this.#tellLost(device);
      else this.#admit(device);
    }
  }

  get #opened(): PoolDevice[] {
    return this.#devices.filter(({ link }) => link !== undefined);
  }

  /** Opens a device, or marks it lost. */
  async #open(device: PoolDevice): Promise<void> {
    device.state = "starting";
    await this.#orLost(device, async () => {
      device.link = await device.opener.open({
        signal: this.#closing.signal,
        onStuck: () => this.#clean = false,
      });
    });
  }

  /** Has a device evaluate fixed rows. Devices that open the same file need no comparison. */
  async #probe(device: PoolDevice): Promise<void> {
    if (!this.#options.devices?.some(isRemote)) return;
    await this.#orLost(device, async () => {
      // The deadline of the options is one of calls: opening may take longer.
      const deadline = device.deadline(1, undefined);
      device.probe = await probeDevice(device.link!, deadline).catch((error: Error) => {
        const reason = `${device.name} cannot evaluate a row: ${error.message}`;
        throw error instanceof DeviceFault ? new RuntimeLibraryError(reason) : error;
      });
    });
  }

  async #orLost(device: PoolDevice, work: () => Promise<void>): Promise<void> {
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
   * Lets an open device take rows.
   *
   * @throws {RuntimeLibraryError} if it evaluates another network than those before it
   */
  #admit(device: PoolDevice): void {
    this.#admission.admit(device);
    device.state = "ready";
  }

  /** Opens a device while the others work. */
  #openLater(device: PoolDevice, prefix: string): void {
    const { signal } = this.#closing;
    const opened = this.#reopen(device).then(
      () => signal.aborted ? this.#retire(device, "close") : this.events?.ready(device),
      (error) => signal.aborted ? undefined : this.lose(device, prefix + error.message),
    );
    this.#moving.push(opened);
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

  /** The CPU, once and only where it was asked for. */
  #newFallback(): PoolDevice | undefined {
    const { fallback } = this.#options;
    const options = onCpu(this.#sessions.options);
    const opener = this.#sessions.local("cpu (fallback)", options);
    if (fallback === undefined || this.#devices.some(({ name }) => name === opener.name)) return;
    this.#tell(FALLBACK_NOTE);
    const device = new PoolDevice(opener);
    this.#devices.push(device);
    return device;
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

  #tell(line: string): void {
    this.#options.onNote?.(line);
  }

  #tellLost(device: PoolDevice): void {
    const { live } = this;
    const others = live.length > 0
      ? `; ${live.join(", ")} ${live.length > 1 ? "go" : "goes"} on`
      : "";
    this.#tell(`${device.name} is lost: ${device.lostBecause}${others}`);
  }
}
