/**
 * A connection to a gRPC server.
 * @module
 */
import http2 from "node:http2";
import { type UnaryCall, unaryCall } from "./grpc_call.ts";
import { pingDuring, PINGS, type PingTimes } from "./grpc_pings.ts";
import { brokenConnection, GrpcStatus } from "./grpc_status.ts";

/** How to reach a server. */
export interface ChannelOptions {
  /** `http://host:port`, or `https://host:port` for TLS. */
  readonly url: string;
  /** Certificates in PEM that are trusted instead of the system's. */
  readonly ca?: string;
  /** Headers sent with every call. Their values never appear in a message. */
  readonly headers?: Readonly<Record<string, string>>;
  /** When to ping. */
  readonly pings?: PingTimes;
}

/** Flow control windows: a round of a large model must not wait for credit. */
const STREAM_WINDOW = 16 * 2 ** 20, CONNECTION_WINDOW = 64 * 2 ** 20;

/**
 * One connection, opened by the first call. It is not opened again: what answers then may be
 * another server.
 */
export class GrpcChannel implements Disposable {
  readonly #options: ChannelOptions;
  #session: http2.ClientHttp2Session | undefined;
  /** Why the connection broke. */
  #broken = "";

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /**
   * Calls a method.
   *
   * @returns the answer's message
   * @throws {GrpcStatus} if the call failed; the signal's reason if it was aborted
   */
  async call(call: Omit<UnaryCall, "headers">): Promise<Uint8Array> {
    call.signal.throwIfAborted();
    const session = this.#connect();
    const { headers = {}, pings = PINGS } = this.#options;
    const stopPings = pingDuring(session, pings, (seconds) => {
      this.#broken = `no answer to a ping within ${seconds} s`;
      session.destroy();
    });
    try {
      return await unaryCall(session, { ...call, headers });
    } catch (error) {
      throw error instanceof GrpcStatus ? this.#explain(error) : error;
    } finally {
      stopPings();
    }
  }

  /** Closes the connection; calls under way fail. */
  [Symbol.dispose](): void {
    this.#session?.destroy();
  }

  #connect(): http2.ClientHttp2Session {
    const known = this.#session;
    if (known?.closed || known?.destroyed) {
      throw brokenConnection(this.#broken || "the connection closed");
    }
    if (known) return known;
    const { url, ca } = this.#options;
    const session = http2.connect(url, {
      ...(ca === undefined ? {} : { ca }),
      settings: { initialWindowSize: STREAM_WINDOW, enablePush: false },
    } as http2.SecureClientSessionOptions);
    session.on("connect", () => session.setLocalWindowSize(CONNECTION_WINDOW));
    // Calls under way finish.
    session.on("goaway", () => session.close());
    session.on("error", (error) => this.#broken ||= error.message);
    return this.#session = session;
  }

  /** The cause of a broken connection, and no header value that a server repeats. */
  #explain(error: GrpcStatus): GrpcStatus {
    const text = error.answered ? error.message : this.#broken || error.message;
    const secrets = Object.values(this.#options.headers ?? {}).filter(({ length }) => length > 0);
    const safe = secrets.reduce((text, secret) => text.replaceAll(secret, "***"), text);
    return error.answered ? new GrpcStatus(error.code, safe) : brokenConnection(safe);
  }
}
