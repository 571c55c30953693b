import assert from "node:assert/strict";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { RuntimeLibraryError } from "../../../src/errors.ts";
import { DeviceFault } from "../../../src/devices/device_fault.ts";
import { RemoteLink } from "../../../src/devices/remote/remote_link.ts";
import type { RemoteOptions } from "../../../src/devices/remote/remote_device.ts";
import { type RowLayout, RowMemory } from "../../../src/devices/rows/row_memory.ts";
import {
  type Answer,
  inferResponse,
  type OipServer,
  type ServedTensor,
  startOipServer,
} from "../../support/oip_server.ts";

const LAYOUT: RowLayout = {
  inputs: [
    { name: "sample", type: "float32", rowDims: [1, 2, 2] },
    { name: "timestep", type: "int64", rowDims: [] },
  ],
  outputs: [{ name: "out_sample", type: "float32", rowDims: [1, 2, 2] }],
};

/** Halves the samples. */
function halves([sample]: readonly ServedTensor[]): ServedTensor[] {
  const halved = new Float32Array(sample.bytes.buffer as ArrayBuffer).map((value) => value / 2);
  return [{ ...sample, name: "out_sample", bytes: new Uint8Array(halved.buffer) }];
}

function startHalves(options: { key?: string; cert?: string } = {}): Promise<OipServer> {
  return startOipServer({
    inputs: [
      { name: "sample", datatype: "FP32", shape: [-1, 1, 2, 2] },
      { name: "timestep", datatype: "INT64", shape: [-1, 1] },
    ],
    outputs: [{ name: "out_sample", datatype: "FP32", shape: [-1, 1, 2, 2] }],
    evaluate: halves,
  }, options);
}

async function openLink(
  { host }: { host: string },
  { tls = false, model = "m", patienceMs = 300, again = false, ...options }:
    & RemoteOptions
    & { tls?: boolean; model?: string; patienceMs?: number; again?: boolean } = {},
): Promise<RemoteLink & Disposable> {
  const { signal } = new AbortController();
  const device = { host, model, tls, lane: 0 };
  const link = await RemoteLink.open(device, options, { signal, patienceMs, again });
  return Object.assign(link, { [Symbol.dispose]: () => void link.abandon() });
}

function fourRows(): RowMemory {
  const memory = new RowMemory(LAYOUT, 4);
  memory.inputs[0].forEach((_, i) => memory.inputs[0][i] = i);
  return memory;
}

/** Rows 1 and 2. */
const CALL = { start: 1, count: 2, padded: 0 };
const HALVES = [0, 0, 0, 0, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 0, 0, 0, 0];

function failed(link: RemoteLink, deadlineMs = 2000): Promise<unknown> {
  const memory = fourRows();
  return link.run(memory, CALL, deadlineMs).then(
    () => assert.fail("the call did not fail"),
    (error) => {
      assert.ok(memory.outputs[0].every((value) => value === 0), "a failed call leaves the rows");
      return error;
    },
  );
}

function outSample(shape: number[], { datatype = "FP32", bytes = 32 } = {}): Answer {
  const output = { name: "out_sample", datatype, shape, bytes: new Uint8Array(bytes) };
  return { body: inferResponse([output], "1") };
}

Deno.test("rows travel to a server and back to their places, padded or not", async () => {
  await using server = await startHalves();
  using link = await openLink(server);
  assert.deepEqual(link.served, {
    host: server.host,
    model: "m",
    version: "1",
    server: "scripted 1.0",
  });
  // Triton declares an input of one number a row as [-1, 1].
  assert.deepEqual(link.inputs[1], { name: "timestep", type: "int64", shape: ["batch"] });
  for (const [padded, sent] of [[0, 2], [2, 2], [5, 5]]) {
    const memory = fourRows();
    await link.run(memory, { ...CALL, padded }, 2000);
    assert.deepEqual([...memory.outputs[0]], HALVES);
    assert.equal(server.rows.at(-1), sent);
  }
});

const FAULTS: readonly [string, Answer, string, boolean][] = [
  [
    "a server that shuts down",
    { status: 5, message: "'m' has no available versions" },
    "exit",
    false,
  ],
  ["a server that is not available", { status: 14, message: "Socket closed" }, "exit", false],
  ["a connection that closes", "close", "exit", false],
  ["an answer that is cut", "cut", "exit", false],
  ["another version", { body: inferResponse([], "2") }, "exit", false],
  ["too many rows", { status: 3, message: "batch-size must be <= 1 for 'm'" }, "memory", true],
  ["no memory", { status: 13, message: "onnx runtime error: out of memory" }, "memory", true],
  [
    "a model that fails",
    { status: 13, message: "Stub process 'm_0' is not healthy." },
    "call",
    true,
  ],
  ["the server's own deadline", { status: 4, message: "Deadline Exceeded" }, "hang", false],
  ["silence", "silence", "hang", false],
  ["too few rows", outSample([1, 1, 2, 2], { bytes: 16 }), "reply", true],
  ["another shape", outSample([2, 4, 1, 1]), "reply", true],
  ["another type", outSample([2, 1, 2, 2], { datatype: "FP16", bytes: 16 }), "reply", true],
  ["missing bytes", outSample([2, 1, 2, 2], { bytes: 31 }), "reply", true],
  ["no output", { body: inferResponse([], "1") }, "reply", true],
  ["bytes that are no message", { body: new Uint8Array(64).fill(255) }, "reply", true],
  ["a compressed answer", "compressed", "reply", true],
  ["an endless answer", { body: new Uint8Array(2 ** 17) }, "reply", true],
];

Deno.test("every failure of a call is a fault of its kind, and takes nothing of the answer", async () => {
  await using server = await startHalves();
  for (const [what, answer, kind, survived] of FAULTS) {
    using link = await openLink(server);
    server.script.answers.push(answer);
    const error = await failed(link, what === "silence" ? 80 : 2000);
    assert.ok(error instanceof DeviceFault, `${what}: ${error}`);
    assert.deepEqual([what, error.kind, error.survived], [what, kind, survived], error.message);
    if (survived) await link.run(fourRows(), CALL, 2000);
  }
});

Deno.test("a full server is asked again until it has room", async () => {
  await using server = await startHalves();
  using link = await openLink(server);
  server.calls.length = 0;
  server.script.answers.push(
    { status: 14, message: "[request id: 1] Exceeds maximum queue size" },
    { status: 8, message: "Request dropped due to backpressure (num_queued_requests=8)." },
  );
  const memory = fourRows();
  await link.run(memory, CALL, 2000);
  assert.deepEqual([...memory.outputs[0]], HALVES);
  assert.equal(server.calls.length, 3);
  server.script.answers.push(
    ...Array(50).fill({ status: 14, message: "Exceeds maximum queue size" }),
  );
  assert.equal((await failed(link, 100) as DeviceFault).kind, "hang");
});

Deno.test("a slow call is not given up before its deadline, and stop() ends it", async () => {
  await using server = await startHalves();
  using link = await openLink(server);
  server.script.answers.push({ after: 150 }, "silence");
  await link.run(fourRows(), CALL, 5000);
  const stopped = failed(link, 60_000);
  setTimeout(() => link.stop(), 20);
  assert.match(String(await stopped), /it was stopped/);
});

Deno.test("a host that answers no ping is given up before the deadline", async () => {
  const mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = mute.accept();
  const { signal } = new AbortController();
  const device = { host: `127.0.0.1:${mute.addr.port}`, model: "m", tls: false, lane: 0 };
  const pings = { after: [20], patience: 50 };
  await assert.rejects(
    RemoteLink.open(device, { pings }, { signal, patienceMs: 0, again: false }),
    /no answer to a ping within 0.05 s/,
  );
  (await accepted).close();
  mute.close();
});

Deno.test("pings do not disturb a slow call", async () => {
  await using server = await startHalves();
  using link = await openLink(server, { pings: { after: [10, 10, 10, 10], patience: 1000 } });
  server.script.answers.push({ after: 100 });
  const memory = fourRows();
  await link.run(memory, CALL, 5000);
  assert.deepEqual([...memory.outputs[0]], HALVES);
});

Deno.test("headers are sent, and a server that repeats them does not make them public", async () => {
  await using server = await startHalves();
  server.script.header = ["authorization", "Bearer right"];
  using link = await openLink(server, { headers: { authorization: "Bearer right" } });
  await link.run(fourRows(), CALL, 2000);
  server.script.header = ["authorization", "Bearer rotated"];
  const late = await failed(link);
  const early = await openLink(server, { headers: { authorization: "Bearer wrong" } })
    .catch((error) => error);
  for (const error of [late, early]) {
    assert.ok(error instanceof RuntimeLibraryError, String(error));
    assert.match(error.message, /refuses: wrong authorization: \*\*\*$/);
    assert.match(error.hint!, /deviceHeaders/);
  }
  await assert.rejects(openLink(server), /refuses: wrong authorization: undefined/);
});

Deno.test("what keeps a model from opening is one line", async () => {
  await using server = await startHalves();
  const { host } = server;
  const web = http.createServer((_, response) => response.end());
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  const { port } = web.address() as AddressInfo;
  const cases: [Parameters<typeof openLink>[0], Parameters<typeof openLink>[1], RegExp][] = [
    [{ host: "no-such-host.invalid:8001" }, {}, /the host is unknown/],
    [{ host: "127.0.0.1:1" }, {}, /nothing listens on the port/],
    [{ host: `127.0.0.1:${port}` }, {}, /does not speak gRPC; is it the HTTP port\?/],
    [{ host }, { tls: true }, /does not speak TLS/],
    [{ host }, { model: "n" }, /Request for unknown model: 'n' is not found/],
  ];
  for (const [at, options, pattern] of cases) {
    const error = await openLink(at, options).then(() => assert.fail(`${pattern}`), (e) => e);
    assert.ok(error instanceof RuntimeLibraryError, String(error));
    assert.match(error.message, pattern);
    assert.match(error.message, /^cannot open grpcs?:\/\/[^\n]+$/);
  }
  server.script.ready = false;
  await assert.rejects(openLink(server), /model m is not ready/);
  setTimeout(() => server.script.ready = true, 100);
  (await openLink(server, { patienceMs: 5000 })).abandon();
  await new Promise((resolve) => web.close(resolve));
});

Deno.test("a server that was there before is waited for", async () => {
  const { port } = await (async () => {
    await using server = await startHalves();
    return server;
  })();
  const host = `127.0.0.1:${port}`;
  await assert.rejects(openLink({ host }, { patienceMs: 0, again: true }), /nothing listens/);
  const opening = openLink({ host }, { patienceMs: 5000, again: true });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await using _server = await startOipServer(
    { inputs: [], outputs: [], evaluate: halves },
    { port },
  );
  (await opening).abandon();
});

const file = (name: string) =>
  Deno.readTextFileSync(new URL(`../../fixtures/certificates/${name}`, import.meta.url));

/** Deno 2.8's node:http2 panics when it refuses a certificate. */
const panics = Number(Deno.version.deno.split(".")[1]) < 9;

Deno.test({
  name: "TLS with its own CA; certificates that are foreign or expired are refused",
  ignore: panics,
}, async () => {
  const key = file("server.key");
  await using server = await startHalves({ key, cert: file("server.pem") });
  using link = await openLink(server, { tls: true, ca: file("ca.pem") });
  const memory = fourRows();
  await link.run(memory, CALL, 2000);
  assert.deepEqual([...memory.outputs[0]], HALVES);
  const untrusted = /certificate has expired, names another host, or is not signed by a trusted CA/;
  await assert.rejects(openLink(server, { tls: true, ca: file("foreign_ca.pem") }), untrusted);
  await assert.rejects(openLink(server, { tls: true }), untrusted);
  await assert.rejects(openLink(server), /closes the connection; it may want TLS \(grpcs:\/\/\)/);
  await using expired = await startHalves({ key, cert: file("server_expired.pem") });
  await assert.rejects(openLink(expired, { tls: true, ca: file("ca.pem") }), untrusted);
});

Deno.test("equal conditions are sent once, with an index for every row", async () => {
  const condition = { name: "states", type: "float32", rowDims: [2] } as const;
  const layout = { ...LAYOUT, inputs: [...LAYOUT.inputs, condition] };
  const seen: ServedTensor[][] = [];
  await using server = await startOipServer({
    inputs: [
      { name: "sample", datatype: "FP32", shape: [-1, 1, 2, 2] },
      { name: "timestep", datatype: "INT64", shape: [-1] },
      { name: "states_unique", datatype: "FP32", shape: [-1, 2] },
      { name: "states_index", datatype: "INT64", shape: [-1] },
    ],
    outputs: [{ name: "out_sample", datatype: "FP32", shape: [-1, 1, 2, 2] }],
    evaluate(inputs) {
      seen.push([...inputs]);
      return halves(inputs);
    },
  });
  using link = await openLink(server);
  assert.deepEqual(link.inputs.map(({ name }) => name), ["sample", "timestep", "states"]);
  const memory = new RowMemory(layout, 5);
  (memory.inputs[2] as Float32Array).set([9, 9, 1, 2, 3, 4, 1, 2, 3, 4]);
  await link.run(memory, { start: 1, count: 4, padded: 6 }, 2000);
  const [, timestep, states, index] = seen[0];
  assert.deepEqual(timestep.shape, [6]);
  assert.deepEqual(states.shape, [2, 2]);
  assert.deepEqual([...new Float32Array(states.bytes.buffer as ArrayBuffer)], [1, 2, 3, 4]);
  assert.deepEqual([...new BigInt64Array(index.bytes.buffer as ArrayBuffer)], [
    0n,
    1n,
    0n,
    1n,
    0n,
    0n,
  ]);
});
