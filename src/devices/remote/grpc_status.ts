/**
 * Status of a gRPC call (github.com/grpc/grpc/blob/master/doc/statuscodes.md).
 * @module
 */

/** Status codes that a device link distinguishes. */
export const STATUS = {
  ok: 0,
  cancelled: 1,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** A call that ended with a status other than OK, or without one. */
export class GrpcStatus extends Error {
  override name = "GrpcStatus";
  readonly code: number;
  /** Whether the server sent it; `false` if the connection failed. */
  readonly answered: boolean;

  constructor(code: number, message: string, { answered = true } = {}) {
    super(message);
    this.code = code;
    this.answered = answered;
  }
}

/** A connection that failed. */
export function brokenConnection(message: string): GrpcStatus {
  return new GrpcStatus(STATUS.unavailable, message, { answered: false });
}

/** A response that violates the protocol: truncated, too long, or not of the requested shape. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

/** Text of the header `grpc-message`, which is percent-encoded. */
export function decodeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
