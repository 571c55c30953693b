import assert from "node:assert/strict";
import { liveHandles } from "../../../ffi/owned_pointer.ts";
import { RuntimeLibraryError } from "../../../src/errors.ts";
import type { DeviceSpec } from "../../../src/devices/device.ts";
import type { Answer } from "../../support/oip_server.ts";
import { evaluateRounds, lanes, openPool } from "../../support/device_rows.ts";
import { serveDit } from "../../support/served_dit.ts";
import { tinyDitModel } from "../../support/tiny_dit.ts";

/** Lanes of a server. */
function served({ host }: { host: string }, count = 1): DeviceSpec[] {
  return Array.from({ length: count }, (_, lane) => ({ host, model: "m", tls: false, lane }));
}

async function localRounds(): Promise<Float32Array> {
  await using single = await openPool({});
  return await evaluateRounds(single.pool);
}

Deno.test("a pool of servers, or of servers and the CPU, gives the bytes of the CPU alone", async () => {
  await using server = await serveDit(tinyDitModel());
  const wanted = await localRounds();
  for (const local of [0, 1]) {
    for (const remote of [1, 3]) {
      await using opened = await openPool({
        devices: [...lanes(local), ...served(server, remote)],
      });
      for (const options of [{}, { maxRows: 3 }, { buckets: [4, 3] }]) {
        assert.deepEqual(await evaluateRounds(opened.pool, options), wanted);
      }
      const report = opened.pool.report();
      assert.deepEqual(report.map(({ faults }) => faults.length), Array(local + remote).fill(0));
      assert.ok(report.every(({ rows }) => rows > 0));
      assert.equal(report.at(-1)!.name, `grpc://${server.host}/m#${remote - 1}`);
      const [network, ...others] = opened.pool.served;
      assert.deepEqual(others, []);
      assert.deepEqual(
        { ...network, probe: network.probe.length },
        { host: server.host, model: "m", version: "1", server: "scripted 1.0", probe: 64 },
      );
    }
  }
});

Deno.test("faults of a server cost retries, not bytes", async () => {
  await using server = await serveDit(tinyDitModel());
  const wanted = await localRounds();
  const cases: [Answer, string][] = [
    [{ status: 3, message: "inference request batch-size must be <= 4 for 'm'" }, "memory"],
    [{ status: 13, message: "Stub process is not healthy." }, "call"],
    ["cut", "exit"],
    ["silence", "hang"],
  ];
  for (const [answer, kind] of cases) {
    await using opened = await openPool({ devices: served(server), deadlineSeconds: 1 });
    server.script.answers.push(answer);
    assert.deepEqual(await evaluateRounds(opened.pool, { rounds: 3 }), wanted);
    const [{ faults, state }] = opened.pool.report();
    assert.deepEqual([state, ...faults.map(({ kind }) => kind)], ["ready", kind]);
  }
});

Deno.test("a server that stops is left to the others, or waited for", async () => {
  const wanted = await localRounds();
  const server = await serveDit(tinyDitModel());
  const notes: string[] = [];
  await using mixed = await openPool({
    devices: [...lanes(1), ...served(server)],
    onNote: (line) => notes.push(line),
  });
  await using alone = await openPool({ devices: served(server) });
  const fallback = { fallback: "cpu", openSeconds: 0.5 } as const;
  await using fallen = await openPool({ devices: served(server), ...fallback });
  assert.deepEqual(await evaluateRounds(alone.pool), wanted);
  await server[Symbol.asyncDispose]();
  assert.deepEqual(await evaluateRounds(mixed.pool), wanted);
  assert.deepEqual(await evaluateRounds(fallen.pool), wanted);
  assert.deepEqual(fallen.pool.liveDevices, ["cpu (fallback)"]);
  const waiting = evaluateRounds(alone.pool);
  await using _again = await serveDit(tinyDitModel(), { port: server.port });
  assert.deepEqual(await waiting, wanted);
  assert.equal(alone.pool.report()[0].restarts, 1);
  assert.match(notes[0], /^grpc:.*#0 failed \(its server went away: .*\); connecting again$/);
});

Deno.test("devices that evaluate different networks are refused", async () => {
  await using server = await serveDit(tinyDitModel());
  await using other = await serveDit(tinyDitModel({ latentScale: -0.7 }));
  const open = (devices: readonly DeviceSpec[]) => openPool({ devices });
  await assert.rejects(
    open([...lanes(1), ...served(other)]),
    /#0 evaluates another network than cpu:0: the noise of a fixed row differs by [\d.]+ of its size/,
  );
  await assert.rejects(open([...served(server), ...served(other)]), RuntimeLibraryError);
  other.script.inputs[0] = { ...other.script.inputs[0], shape: [-1, 4, 8, 8] };
  await assert.rejects(
    open([...lanes(1), ...served(other)]),
    /its sample is float32 \[batch, 4, 8, 8\], wanted float32 \[batch, 4, 4, 4\]$/,
  );
  await assert.rejects(open(served(other)), /cannot evaluate a row: .*wanted \[batch, 4, 4, 4\]/);
});

Deno.test("a server that changes its model during a run ends it", async () => {
  const server = await serveDit(tinyDitModel());
  await using version = await openPool({ devices: served(server) });
  await using bytes = await openPool({ devices: served(server) });
  await evaluateRounds(version.pool);
  server.script.versions.push("2");
  await assert.rejects(
    evaluateRounds(version.pool),
    /no device is left: .*changed its model during the run: it is m version 2 .*it was m version 1/,
  );
  await server[Symbol.asyncDispose]();
  await using _other = await serveDit(tinyDitModel({ latentScale: -0.7 }), { port: server.port });
  await assert.rejects(evaluateRounds(bytes.pool), /changed its model during the run/);
});

Deno.test("no pool of servers leaves anything behind", () => {
  assert.deepEqual(Object.entries(liveHandles()).filter(([, count]) => count !== 0), []);
});
