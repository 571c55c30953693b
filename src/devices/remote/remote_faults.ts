/**
 * What a server's refusals mean to a pool.
 * @module
 */
import { RuntimeLibraryError } from "../../errors.ts";
import { oneLine, shorten } from "../../text.ts";
import { callFault, DeviceFault } from "../device_fault.ts";
import { BadAnswer, GrpcStatus, STATUS } from "./grpc_status.ts";

/** Triton's full queue, and Ray Serve's. */
const FULL = /exceeds maximum queue size|backpressure/i;
/** Triton's limit of a model's batch. */
const TOO_MANY_ROWS = /batch-size must be <=/i;
/** Triton's protocol restricted to a header. */
const RESTRICTED = /is restricted, expecting header/i;

/** Longest part of a server's message that is repeated. */
const MOST_SHOWN = 300;

/** Whether the server has no room for the call now. */
export function isFull({ code, message }: GrpcStatus): boolean {
  return (code === STATUS.unavailable || code === STATUS.resourceExhausted) && FULL.test(message);
}

/** Whether the server refuses to serve this client. */
export function isRefusal({ code, message }: GrpcStatus): boolean {
  return code === STATUS.unauthenticated || code === STATUS.permissionDenied ||
    RESTRICTED.test(message);
}

/** The error of {@link isRefusal}, which a retry would not change. */
export function refusalError(address: string, { message }: GrpcStatus): RuntimeLibraryError {
  return new RuntimeLibraryError(`${address} refuses: ${serverText(message)}`, {
    hint: (name) => `name a file with its header in ${name("deviceHeaders")}`,
  });
}

/** A call that was not answered in time. */
export function hang(deadlineMs: number): DeviceFault {
  const seconds = (deadlineMs / 1000).toFixed(1);
  return new DeviceFault("hang", `did not answer within ${seconds} s`, { survived: false });
}

/** The fault of a call that failed, or the error that ends the evaluation. */
export function faultOf(error: unknown, address: string, deadlineMs: number): unknown {
  if (error instanceof BadAnswer) {
    return new DeviceFault("reply", serverText(error.message), { survived: true });
  }
  if (!(error instanceof GrpcStatus)) return error;
  const { code } = error, message = serverText(error.message);
  if (isRefusal(error)) return refusalError(address, error);
  if (code === STATUS.deadlineExceeded) return hang(deadlineMs);
  if (TOO_MANY_ROWS.test(message)) return new DeviceFault("memory", message, { survived: true });
  // Triton answers "not found" while it shuts down.
  const gone: readonly number[] = [STATUS.unavailable, STATUS.notFound, STATUS.cancelled];
  if (gone.includes(code)) {
    return new DeviceFault("exit", `its server went away: ${message}`, { survived: false });
  }
  return callFault(message);
}

/** A server's message in a line of ours. */
export function serverText(message: string): string {
  return shorten(oneLine(message), MOST_SHOWN);
}

/** What usually causes a connection to fail, by what the connection says. */
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

/** A failed connection in words. */
export function connectionText(message: string): string {
  return CAUSES.find(([pattern]) => pattern.test(message))?.[1] ?? serverText(message);
}

/** Whether waiting may help: the server may be starting. */
export function mayStart({ code, answered, message }: GrpcStatus): boolean {
  if (answered) return code === STATUS.unavailable || code === STATUS.notFound;
  return /ECONNREFUSED/.test(message);
}
