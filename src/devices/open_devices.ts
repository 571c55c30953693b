/**
 * Opens the sessions that devices run on.
 * @module
 */
import { deviceName, deviceSessionOptions, type DeviceSpec, type LocalDevice } from "./device.ts";
import type { Environment } from "../runtime/environment.ts";
import { preparePlugin } from "../runtime/providers/append_provider.ts";
import { PROVIDERS } from "../runtime/providers/provider_table.ts";
import { InferenceSession, lendSession } from "../runtime/inference_session.ts";
import { LocalLink } from "./local_link.ts";
import type { DeviceOpener, OpenOptions } from "./pool_device.ts";
import { isRemote, type RemoteDevice, type RemoteOptions } from "./remote/remote_device.ts";
import type { SessionOptions } from "../runtime/session_options.ts";
import { WorkerLink } from "./worker_link.ts";

/** Default time to open a session: reading a large model from a slow disk takes long. */
const OPEN_SECONDS = 600;
/** Number of times that a Worker is replaced. */
const WORKER_RESTARTS = 3;
/** Time for the first connection to a server, whose address may be wrong. */
const FIRST_PATIENCE_MS = 5_000;

/** Opens the devices of one model, and owns the sessions of this thread. */
export class DeviceSessions {
  readonly #environment: Environment;
  readonly #model: string | Uint8Array;
  readonly #options: SessionOptions;
  readonly #openMs: number;
  readonly #remote: RemoteOptions;
  /** Whether to wait for a server that is away: true without a fallback. */
  readonly #mayWait: boolean;
  readonly #sessions = new Map<string, Promise<InferenceSession>>();

  constructor(
    environment: Environment,
    model: string | Uint8Array,
    { session = {}, openSeconds = OPEN_SECONDS, remote = {}, fallback }: {
      session?: SessionOptions;
      openSeconds?: number;
      remote?: RemoteOptions;
      fallback?: "cpu";
    },
  ) {
    this.#environment = environment;
    this.#model = model;
    this.#options = session;
    this.#openMs = openSeconds * 1000;
    this.#remote = remote;
    this.#mayWait = fallback === undefined;
  }

  /** The opener of a device. */
  device(device: DeviceSpec): DeviceOpener {
    return isRemote(device) ? this.#server(device) : this.#worker(device);
  }

  /**
   * A device in a Worker, with its own session or, for lanes, a shared one. A provider that is
   * limited to the main thread gets no Worker.
   */
  #worker(device: LocalDevice): DeviceOpener {
    const options = deviceSessionOptions(device, this.#options);
    const { lanes = false, exclusive = false } = PROVIDERS[device.provider];
    if (exclusive) return this.local(deviceName(device), options);
    const open = async (opening: OpenOptions) => {
      const session = lanes
        ? lendSession(await this.#shared("lanes", options))
        : { model: this.#model, options };
      preparePlugin(this.#environment, options);
      const deadlineMs = this.#openMs;
      return await WorkerLink.open(this.#environment, { device, session }, {
        ...opening,
        deadlineMs,
      });
    };
    const remedy = "starting a new Worker";
    const name = deviceName(device);
    return { name, restarts: WORKER_RESTARTS, remedy, ownSession: !lanes, open };
  }

  /** A model on a server. */
  #server(device: RemoteDevice): DeviceOpener {
    let again = false;
    const open = async ({ signal }: OpenOptions) => {
      const { RemoteLink } = await import("./remote/remote_link.ts");
      const patienceMs = again && this.#mayWait
        ? this.#openMs
        : Math.min(FIRST_PATIENCE_MS, this.#openMs);
      const link = await RemoteLink.open(device, this.#remote, { signal, patienceMs, again });
      again = true;
      return link;
    };
    const remedy = "connecting again";
    // Proxies close connections at any time; a server that fails often is lost anyway.
    const restarts = Infinity;
    return { name: deviceName(device), restarts, remedy, ownSession: false, open };
  }

  /** A session on this thread. */
  local(name: string, options: SessionOptions = this.#options): DeviceOpener {
    const open = async () => new LocalLink(this.#environment, await this.#shared(name, options));
    return { name, restarts: 0, remedy: "", ownSession: false, open };
  }

  /** The options of all sessions. */
  get options(): SessionOptions {
    return this.#options;
  }

  /** Closes the sessions of this thread. */
  async close(): Promise<void> {
    for (const session of this.#sessions.values()) {
      await session.then((opened) => opened.close(), () => {});
    }
  }

  #shared(name: string, options: SessionOptions): Promise<InferenceSession> {
    let session = this.#sessions.get(name);
    if (!session) {
      session = InferenceSession.create(this.#environment, this.#model, options);
      this.#sessions.set(name, session);
    }
    return session;
  }
}
