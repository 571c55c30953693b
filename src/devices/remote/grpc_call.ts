/**
 * One unary gRPC call on an HTTP/2 connection.
 * @module
 */
import http2 from "node:http2";
import { framed, onlyMessage } from "./grpc_frame.ts";
import {
  brokenConnection,
  decodeMessage,
  GrpcStatus,
  ProtocolError,
  STATUS,
} from "./grpc_status.ts";

/** What to call, with what. */
export interface UnaryCall {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** The message, in parts that are sent one after the other. */
  readonly parts: readonly Uint8Array[];
  /** Sent with the call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** The server may give up after this many milliseconds. */
  readonly timeoutMs: number;
  /** Bytes after which the answer is refused. */
  readonly maxBytes: number;
}

/** The longest timeout that gRPC can express in milliseconds: eight digits. */
const MAX_TIMEOUT = 99_999_999;

/** What has been received of an answer. */
interface Received {
  readonly chunks: Uint8Array[];
  bytes: number;
  http?: number;
  code?: number;
  text: string;
  broken: string;
}

/**
 * Calls a method.
 *
 * @returns the answer's message
 * @throws {GrpcStatus} if the call failed
 * @throws {ProtocolError} if the answer breaks the protocol
 * @throws the signal's reason if it was aborted
 */
export function unaryCall(
  session: http2.ClientHttp2Session,
  call: UnaryCall,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const { signal } = call;
  const stream = session.request(headersOf(call));
  const abort = () => {
    reject(signal.reason);
    stream.close(http2.constants.NGHTTP2_CANCEL);
  };
  signal.addEventListener("abort", abort, { once: true });
  const received = receive(stream);
  stream.on("data", (chunk: Uint8Array) => {
    received.chunks.push(chunk);
    received.bytes += chunk.length;
    if (received.bytes <= call.maxBytes) return;
    reject(new ProtocolError(`the answer is longer than ${call.maxBytes} bytes`));
    stream.close(http2.constants.NGHTTP2_CANCEL);
  });
  stream.on("close", () => {
    signal.removeEventListener("abort", abort);
    try {
      resolve(answerOf(received));
    } catch (error) {
      reject(error);
    }
  });
  for (const piece of framed(call.parts)) stream.write(piece);
  stream.end();
  return promise;
}

function headersOf({ path, headers, timeoutMs }: UnaryCall): http2.OutgoingHttpHeaders {
  return {
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-timeout": `${Math.min(Math.max(1, Math.ceil(timeoutMs)), MAX_TIMEOUT)}m`,
    ...headers,
  };
}

/** Collects the status of an answer. */
function receive(stream: http2.ClientHttp2Stream): Received {
  const received: Received = { chunks: [], bytes: 0, text: "", broken: "" };
  const readStatus = (headers: http2.IncomingHttpHeaders) => {
    if (headers["grpc-status"] === undefined) return;
    received.code = Number(headers["grpc-status"]);
    received.text = decodeMessage(String(headers["grpc-message"] ?? ""));
  };
  stream.on("response", (headers) => {
    received.http = Number(headers[":status"]);
    readStatus(headers);
  });
  stream.on("trailers", readStatus);
  stream.on("error", (error) => received.broken ||= error.message);
  return received;
}

function answerOf({ code, text, http, broken, chunks }: Received): Uint8Array {
  if (code === STATUS.ok) return onlyMessage(chunks);
  if (code !== undefined) throw new GrpcStatus(code, text || `status ${code}`);
  if (http !== undefined && http !== 200) throw brokenConnection(`it answers HTTP ${http}`);
  throw brokenConnection(broken || "the connection closed");
}
