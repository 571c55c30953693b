/**
 * Translates errors of a server to device faults.
 * @module
 */
import { RuntimeLibraryError } from "../../errors.ts";
import { oneLine, shorten } from "../../text.ts";
import { callFault, DeviceFault } from "../device_fault.ts";
import { GrpcStatus, ProtocolError, STATUS } from "./grpc_status.ts";

/** Messages of Triton and Ray Serve if their queue is full. */
const FULL = /exceeds maximum queue size|backpressure/i;
/** Triton's message if a call has more rows than the model's largest batch. */
const TOO_MANY_ROWS = /batch-size must be <=/i;
/** Triton's message if the protocol requires a header. */
const RESTRICTED = /is restricted, expecting header/i;

/** Characters of a server's message that are quoted. */
const MAX_QUOTED = 300;

/** Whether the server's queue is full, so that a later call may succeed. */
export function isFull({ code, message }: GrpcStatus): boolean {
  return (code === STATUS.unavailable || code === STATUS.resourceExhausted) && FULL.test(message);
}

/** Whether the server requires credentials that the call lacks. */
export function isRefusal({ code, message }: GrpcStatus): boolean {
  return code === STATUS.unauthenticated || code === STATUS.permissionDenied ||
    RESTRICTED.test(message);
}

/** The error for {@link isRefusal}; it is not retried. */
export function refusalError(address: string, { message }: GrpcStatus): RuntimeLibraryError {
  return new RuntimeLibraryError(`${address} refuses: ${quoteServer(message)}`, {
    hint: (name) => `name a file with its header in ${name("deviceHeaders")}`,
  });
}

/** The fault of a call without an answer before the deadline. */
export function deadlineFault(deadlineMs: number): DeviceFault {
  const seconds = (deadlineMs / 1000).toFixed(1);
  return new DeviceFault("hang", `did not answer within ${seconds} s`, { survived: false });
}

/** The device fault for a failed call, or the error that ends the run. */
export function callError(error: unknown, address: string, deadlineMs: number): unknown {
  if (error instanceof ProtocolError) {
    return new DeviceFault("reply", quoteServer(error.message), { survived: true });
  }
  if (!(error instanceof GrpcStatus)) return error;
  const { code } = error, message = quoteServer(error.message);
  if (isRefusal(error)) return refusalError(address, error);
  if (code === STATUS.deadlineExceeded) return deadlineFault(deadlineMs);
  if (TOO_MANY_ROWS.test(message)) return new DeviceFault("memory", message, { survived: true });
  // Triton answers "not found" while it shuts down.
  const gone: readonly number[] = [STATUS.unavailable, STATUS.notFound, STATUS.cancelled];
  if (gone.includes(code)) {
    return new DeviceFault("exit", `its server went away: ${message}`, { survived: false });
  }
  return callFault(message);
}

/** A server's message as one short line. */
export function quoteServer(message: string): string {
  return shorten(oneLine(message), MAX_QUOTED);
}

/** Usual causes of connection errors, by the error's message. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/ENOTFOUND|EAI_AGAIN/, "the host is unknown"],
  [/ECONNREFUSED/, "nothing listens on the port"],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, "the host does not answer"],
  [/Protocol error|HTTP \d+/i, "the port does not speak gRPC; is it the HTTP port?"],
  [/corrupt message|wrong version number/i, "the port does not speak TLS; grpc:// is without TLS"],
  [
    /certificate|self.signed/i,
    "its certificate has expired, names another host, or is not signed by a trusted CA",
  ],
  [
    /connection closed|EPIPE|ECONNRESET|socket hang up/i,
    "it closes the connection; it may want TLS (grpcs://) or be no gRPC server",
  ],
];

/** The usual cause of a connection error, or else its message. */
export function connectionCause(message: string): string {
  return CAUSES.find(([pattern]) => pattern.test(message))?.[1] ?? quoteServer(message);
}

/** Whether the server may still be starting, so that a retry may succeed. */
export function mayBeStarting({ code, answered, message }: GrpcStatus): boolean {
  if (answered) return code === STATUS.unavailable || code === STATUS.notFound;
  return /ECONNREFUSED/.test(message);
}
