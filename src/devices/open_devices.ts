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

/** Opening a session may take as long as reading a large model from a slow disk. */
const OPEN_SECONDS = 600;
/** Workers that are started in the place of a lost one. */
const WORKER_RESTARTS = 3;
/** A server that has not answered yet gets this long: its address may be wrong. */
const FIRST_PATIENCE_MS = 5_000;

/** A model on its way to every device. */
export class DeviceSessions {
  readonly #environment: Environment;
  readonly #model: string | Uint8Array;
  readonly #options: SessionOptions;
  readonly #openMs: number;
  readonly #remote: RemoteOptions;
  /** Whether nothing else evaluates the rows while a server is away. */
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

  /** A device by its name. */
  device(device: DeviceSpec): DeviceOpener {
    return isRemote(device) ? this.#server(device) : this.#worker(device);
  }

  /**
   * A Worker, with a session of its own or, for lanes, with the one that they share. A provider
   * that is limited to the main thread gets no Worker.
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
    const remedy = "it gets a new Worker";
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
    // Proxies close connections at any time; a server that fails often is lost for that.
    const restarts = Infinity;
    return { name: deviceName(device), restarts, remedy, ownSession: false, open };
  }

  /** A session of this thread, as the options have it or on the CPU. */
  local(name: string, options: SessionOptions = this.#options): DeviceOpener {
    const open = async () => new LocalLink(this.#environment, await this.#shared(name, options));
    return { name, restarts: 0, remedy: "", ownSession: false, open };
  }

  /** The options that every session is made with. */
  get options(): SessionOptions {
    return this.#options;
  }

  /** Closes every session of this thread. */
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
