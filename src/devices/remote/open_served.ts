/**
 * Waits for a model on a server and reads its declaration.
 * @module
 */
import { RuntimeLibraryError } from "../../errors.ts";
import { type ChannelOptions, GrpcChannel } from "./grpc_channel.ts";
import { GrpcStatus, STATUS } from "./grpc_status.ts";
import { modelRequest, type OipModel, readModel, readReady, readServer } from "./oip_messages.ts";
import { remoteAddress, type RemoteDevice, type ServedModel } from "./remote_device.ts";
import {
  connectionCause,
  isRefusal,
  mayBeStarting,
  quoteServer,
  refusalError,
} from "./remote_faults.ts";
import { pause } from "./pause.ts";

/** How long to wait for a model. */
export interface Waiting {
  readonly signal: AbortSignal;
  /** Milliseconds until the model must be ready. */
  readonly patienceMs: number;
  /**
   * Whether the server has served the model before. Then every connection error is retried.
   */
  readonly again: boolean;
}

/** Milliseconds between two requests for a model that is not ready. */
const POLL_MS = 250;
/** Timeout of a metadata request in milliseconds. */
const ANSWER_MS = 10_000;
const MAX_ANSWER_BYTES = 2 ** 22;

/** A model that is ready. */
export interface OpenedModel {
  /** The connection; the caller closes it. */
  readonly channel: GrpcChannel;
  readonly served: ServedModel;
  readonly model: OipModel;
}

/**
 * Waits until a model is ready.
 *
 * @throws {RuntimeLibraryError} if it is not ready in time, or the error is permanent
 */
export async function openServed(
  device: RemoteDevice,
  options: ChannelOptions,
  { signal, patienceMs, again }: Waiting,
): Promise<OpenedModel> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await connect(device, options, signal);
    } catch (error) {
      signal.throwIfAborted();
      const status = asStatus(error);
      if (isRefusal(status)) throw refusalError(remoteAddress(device), status);
      const isTemporary = mayBeStarting(status) || (again && !status.answered);
      if (!isTemporary || performance.now() + POLL_MS > end) throw failure(device, status);
    }
    await pause(POLL_MS, signal);
  }
}

async function connect(
  device: RemoteDevice,
  options: ChannelOptions,
  signal: AbortSignal,
): Promise<OpenedModel> {
  const limits = {
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    timeoutMs: ANSWER_MS,
  };
  using stack = new DisposableStack();
  const channel = stack.use(new GrpcChannel(options));
  const ask = (method: string, parts: readonly Uint8Array[]) =>
    channel.call({ path: methodPath(method), parts, ...limits, maxBytes: MAX_ANSWER_BYTES });
  const { host, model: name } = device;
  // Only this method of Triton reports an unknown model as such.
  const model = readModel(await ask("ModelMetadata", modelRequest(name)));
  const ready = readReady(await ask("ModelReady", modelRequest(name)));
  if (!ready) throw new GrpcStatus(STATUS.unavailable, `model ${name} is not ready`);
  const version = newest(model.versions);
  // Some servers have no metadata.
  const about = await ask("ServerMetadata", []).then(readServer, () => undefined);
  const server = about ? `${about.name} ${about.version}`.trim() : "";
  stack.move();
  return { channel, model, served: { host, model: name, version, server } };
}

/** The version that serves a request without one; later requests name it. */
function newest(versions: readonly string[]): string {
  return [...versions].sort((a, b) => Number(a) - Number(b)).at(-1) ?? "";
}

/** Path of a method of the protocol. */
export function methodPath(method: string): string {
  return `/inference.GRPCInferenceService/${method}`;
}

function asStatus(error: unknown): GrpcStatus {
  if (error instanceof GrpcStatus) return error;
  if (error instanceof Error && error.name === "TimeoutError") {
    return new GrpcStatus(STATUS.unavailable, "ETIMEDOUT", { answered: false });
  }
  throw error instanceof Error ? new RuntimeLibraryError(quoteServer(error.message)) : error;
}

function failure(device: RemoteDevice, { answered, message }: GrpcStatus): RuntimeLibraryError {
  const reason = answered ? quoteServer(message) : connectionCause(message);
  return new RuntimeLibraryError(`cannot open ${remoteAddress(device)}: ${reason}`, {
    hint: (name) => `compare ${name("devices")} with the server's address and model name`,
  });
}
