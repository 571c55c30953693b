/** A scripted gRPC server of the Open Inference Protocol, in this process. @module */
import { Buffer } from "node:buffer";
import http2 from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { BinaryReader, BinaryWriter, WireType } from "npm:@bufbuild/protobuf@2.17.0/wire";

/** A tensor of a message. */
export interface ServedTensor {
  name: string;
  datatype: string;
  shape: readonly number[];
  bytes: Uint8Array;
}

/** What the server does with a call in place of evaluating it. */
export type Answer =
  | { status: number; message?: string }
  | { body: Uint8Array }
  | { after: number }
  | "cut"
  | "silence"
  | "compressed"
  | "close";

/** What a test can change while the server runs. */
export interface ServerScript {
  /** What the next calls of ModelInfer get; afterwards they are evaluated. */
  answers: Answer[];
  /** Model that it serves. */
  model: string;
  versions: string[];
  ready: boolean;
  inputs: Omit<ServedTensor, "bytes">[];
  outputs: Omit<ServedTensor, "bytes">[];
  /** Header that every call needs. */
  header?: readonly [name: string, value: string];
  evaluate: (inputs: readonly ServedTensor[]) => Promise<ServedTensor[]> | ServedTensor[];
}

/** A running server. */
export interface OipServer extends AsyncDisposable {
  readonly script: ServerScript;
  readonly host: string;
  readonly port: number;
  /** Methods that were called. */
  readonly calls: string[];
  /** Rows of the first input of every ModelInfer. */
  readonly rows: number[];
  /** Closes every connection, as a server that is killed. */
  drop(): void;
}

const LEN = WireType.LengthDelimited;

/** Starts a server on a free port of the loopback, or on `port`. */
export async function startOipServer(
  script: Partial<ServerScript> & Pick<ServerScript, "inputs" | "outputs" | "evaluate">,
  { key, cert, port = 0 }: { key?: string; cert?: string; port?: number } = {},
): Promise<OipServer> {
  const server = key === undefined ? http2.createServer() : http2.createSecureServer({ key, cert });
  const sockets = new Map<number, Socket>();
  const state: ServerScript = {
    ...{ answers: [], model: "m", versions: ["1"], ready: true },
    ...script,
  };
  const calls: string[] = [], rows: number[] = [];
  server.on("connection", (socket: Socket) => sockets.set(socket.remotePort!, socket));
  server.on("session", (session) => session.on("error", () => {}));
  server.on("sessionError", () => {});
  server.on("stream", (stream, headers) => {
    const chunks: Uint8Array[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    stream.on("end", () => {
      const method = String(headers[":path"]).split("/").at(-1)!;
      calls.push(method);
      const message = new Uint8Array(Buffer.concat(chunks).subarray(5));
      const cut = () => sockets.get(stream.session!.socket.remotePort!)!.destroy();
      void answer({ state, rows, method, message, headers, stream, cut });
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const bound = (server.address() as AddressInfo).port;
  // Ending a session that has several open calls can end Deno (an assertion of nghttp2).
  const drop = () => {
    for (const socket of sockets.values()) socket.destroy();
    sockets.clear();
  };
  return {
    ...{ script: state, host: `127.0.0.1:${bound}`, port: bound, calls, rows, drop },
    async [Symbol.asyncDispose]() {
      drop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Call {
  state: ServerScript;
  rows: number[];
  method: string;
  message: Uint8Array;
  headers: http2.IncomingHttpHeaders;
  stream: http2.ServerHttp2Stream;
  /** Cuts the connection of the call. */
  cut: () => void;
}

async function answer(call: Call): Promise<void> {
  const { state, rows, method, message, headers, stream } = call;
  if (state.header && headers[state.header[0]] !== state.header[1]) {
    const given = headers[state.header[0]];
    return end(stream, { status: 16, message: `wrong ${state.header[0]}: ${given}` });
  }
  if (method === "ServerMetadata") {
    return end(stream, { body: strings([[1, "scripted"], [2, "1.0"]]) });
  }
  const model = new BinaryReader(message);
  model.tag();
  const name = model.string();
  if (name !== state.model) {
    const unknown = `Request for unknown model: '${name}' is not found`;
    return end(stream, { status: 5, message: unknown });
  }
  if (method === "ModelReady") return end(stream, { body: bool(state.ready) });
  if (method === "ModelMetadata") return end(stream, { body: metadata(state) });
  const inputs = readRequest(message);
  rows.push(inputs[0].shape[0]);
  const scripted = state.answers.shift();
  if (scripted && !(typeof scripted === "object" && "after" in scripted)) {
    return scripted === "close" ? call.cut() : end(stream, scripted);
  }
  if (scripted) await new Promise((resolve) => setTimeout(resolve, scripted.after));
  try {
    end(stream, { body: inferResponse(await state.evaluate(inputs), state.versions.at(-1)) });
  } catch (error) {
    end(stream, { status: 13, message: String(error) });
  }
}

function end(
  stream: http2.ServerHttp2Stream,
  answer: Exclude<Answer, { after: number } | "close">,
): void {
  if (answer === "silence" || stream.destroyed) return;
  const headers = { ":status": 200, "content-type": "application/grpc" };
  if (typeof answer === "object" && "status" in answer) {
    const status = { "grpc-status": `${answer.status}` };
    const text = { "grpc-message": encodeURIComponent(answer.message ?? "") };
    return stream.respond({ ...headers, ...status, ...text }, { endStream: true });
  }
  stream.respond(headers, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  const body = typeof answer === "object" ? answer.body : new Uint8Array(64);
  const frame = Buffer.alloc(5 + body.length);
  frame.writeUInt32BE(body.length, 1);
  frame.set(body, 5);
  if (answer === "compressed") frame[0] = 1;
  if (answer !== "cut") {
    stream.end(frame);
    return;
  }
  stream.write(frame.subarray(0, 20));
  setTimeout(() => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), 10);
}

function strings(fields: readonly (readonly [number, string])[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [field, text] of fields) writer.tag(field, LEN).string(text);
  return writer.finish();
}

function bool(value: boolean): Uint8Array {
  return new BinaryWriter().tag(1, WireType.Varint).bool(value).finish();
}

function metadata({ model, versions, inputs, outputs }: ServerScript): Uint8Array {
  const writer = new BinaryWriter().tag(1, LEN).string(model);
  for (const version of versions) writer.tag(2, LEN).string(version);
  for (const input of inputs) writeTensor(writer, 4, input);
  for (const output of outputs) writeTensor(writer, 5, output);
  return writer.finish();
}

/** ModelInferResponse. */
export function inferResponse(outputs: readonly ServedTensor[], version = ""): Uint8Array {
  const writer = new BinaryWriter().tag(2, LEN).string(version);
  for (const output of outputs) writeTensor(writer, 5, output);
  for (const { bytes } of outputs) writer.tag(6, LEN).bytes(bytes);
  return writer.finish();
}

function writeTensor(
  writer: BinaryWriter,
  field: number,
  { name, datatype, shape }: Omit<ServedTensor, "bytes">,
): void {
  writer.tag(field, LEN).fork().tag(1, LEN).string(name).tag(2, LEN).string(datatype);
  writer.tag(3, LEN).fork();
  for (const dim of shape) writer.int64(dim);
  writer.join().join();
}

function readRequest(message: Uint8Array): ServedTensor[] {
  const reader = new BinaryReader(message);
  const tensors: Omit<ServedTensor, "bytes">[] = [], raw: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 5) tensors.push(readTensor(reader.bytes()));
    else if (field === 7) raw.push(reader.bytes());
    else reader.skip(type);
  }
  return tensors.map((tensor, i) => ({ ...tensor, bytes: raw[i].slice() }));
}

function readTensor(bytes: Uint8Array): Omit<ServedTensor, "bytes"> {
  const reader = new BinaryReader(bytes),
    tensor = { name: "", datatype: "", shape: [] as number[] };
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1) tensor.name = reader.string();
    else if (field === 2) tensor.datatype = reader.string();
    else if (field === 3) {
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) tensor.shape.push(Number(reader.int64()));
    } else reader.skip(type);
  }
  return tensor;
}
