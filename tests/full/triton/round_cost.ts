/** What a round through the pool costs, beside the bare HTTP/2 call of the same bytes. @module */
import { Buffer } from "node:buffer";
import http2 from "node:http2";
import { DevicePool } from "../../../src/devices/device_pool.ts";
import { inferRequest } from "../../../src/devices/remote/oip_messages.ts";
import type { RowLayout } from "../../../src/devices/rows/row_memory.ts";
import { Environment } from "../../../src/runtime/environment.ts";

const ROWS = 50, ROUNDS = 40, WARM_UP = 5;
const LATENT = [4, 64, 64];
const LAYOUT: RowLayout = {
  inputs: [
    { name: "sample", type: "float32", rowDims: LATENT },
    { name: "timestep", type: "int64", rowDims: [] },
    { name: "class_labels", type: "int64", rowDims: [] },
  ],
  outputs: [{ name: "out_sample", type: "float32", rowDims: LATENT }],
};

/** Milliseconds. */
export interface RoundCost {
  /** Median of a round through the pool. */
  pool: number;
  /** Median of the bare call. */
  bare: number;
  /** CPU time of this thread in a round through the pool. */
  cpu: number;
  /** The same of the bare call. */
  bareCpu: number;
}

/** Times rounds and bare calls in turn against the model `halves`. */
export async function roundCost(host: string): Promise<RoundCost> {
  using environment = Environment.open();
  const devices = [{ host, model: "halves", tls: false, lane: 0 }];
  await using pool = await DevicePool.open(environment, "", { devices });
  const rows = pool.createRows(LAYOUT, ROWS);
  const sample = rows.inputs[0] as Float32Array;
  for (let i = 0; i < sample.length; i++) sample[i] = Math.sin(i);
  const body = bareRequest(sample);
  const session = http2.connect(`http://${host}`, { settings: { initialWindowSize: 2 ** 24 } });
  session.on("connect", () => session.setLocalWindowSize(2 ** 26));
  const times = { pool: [] as number[], bare: [] as number[] };
  let cpu = 0, bareCpu = 0;
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const before = [performance.now(), threadMs()];
    await pool.run(rows, ROWS);
    const between = [performance.now(), threadMs()];
    await bareCall(session, body);
    if (round < WARM_UP) continue;
    times.pool.push(between[0] - before[0]);
    times.bare.push(performance.now() - between[0]);
    bareCpu += (threadMs() - between[1]) / ROUNDS;
    cpu += (between[1] - before[1]) / ROUNDS;
  }
  session.destroy();
  const halved = rows.outputs[0] as Float32Array;
  if (!halved.every((value, i) => value === Math.fround(sample[i] * 0.5))) throw new Error("wrong");
  return { pool: median(times.pool), bare: median(times.bare), cpu, bareCpu };
}

function bareRequest(sample: Float32Array): Buffer {
  const bytes = (data: ArrayBufferView) =>
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const column = (name: string) => ({
    ...{ name, datatype: "INT64", shape: [ROWS, 1] },
    bytes: new Uint8Array(8 * ROWS),
  });
  const inputs = [
    { name: "sample", datatype: "FP32", shape: [ROWS, ...LATENT], bytes: bytes(sample) },
    ...[column("timestep"), column("class_labels")],
  ];
  const message = Buffer.concat(inferRequest({ model: "halves", version: "" }, inputs, []));
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

/** A request and its answer, collected and dropped. */
function bareCall(session: http2.ClientHttp2Session, body: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stream = session.request({
    ":method": "POST",
    ":path": "/inference.GRPCInferenceService/ModelInfer",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const chunks: Buffer[] = [];
  stream.on("data", (chunk) => chunks.push(chunk));
  stream.on("error", reject);
  stream.on("close", () => (Buffer.concat(chunks), resolve()));
  stream.end(body);
  return promise;
}

/** CPU time of this thread, which all of the link runs on. */
function threadMs(): number {
  return Number(Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ")[0]) / 1e6;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
