import assert from "node:assert/strict";
import { liveHandles } from "../../ffi/owned_pointer.ts";
import { liveWorkers } from "../../src/devices/worker_link.ts";
import { evaluateRounds, lanes, LAYOUT, openPool } from "../support/device_rows.ts";

/** What no pool may leave behind. */
function assertNothingLeft(): void {
  assert.equal(liveWorkers(), 0);
  assert.deepEqual(Object.entries(liveHandles()).filter(([, count]) => count !== 0), []);
}

Deno.test("DevicePool gives the same bytes for any number of lanes, split and padding", async () => {
  await using single = await openPool({});
  const wanted = await evaluateRounds(single.pool);
  for (const count of [1, 2, 3, 5]) {
    await using many = await openPool({ devices: lanes(count) });
    for (const maxRows of [1, 2, 4, undefined]) {
      for (const buckets of [undefined, [4, 3]]) {
        const found = await evaluateRounds(many.pool, { maxRows, buckets });
        assert.deepEqual(found, wanted, `${count} lanes, ${maxRows} rows, buckets ${buckets}`);
      }
    }
    const report = many.pool.report();
    assert.equal(report.length, count);
    assert.equal(report.reduce((sum, { rows }) => sum + rows, 0), 12 * 3 * 8);
    assert.ok(report.every(({ state, faults }) => state === "ready" && faults.length === 0));
  }
});

Deno.test("DevicePool takes several evaluations at once and keeps them apart", async () => {
  await using single = await openPool({});
  const wanted = await evaluateRounds(single.pool);
  await using many = await openPool({ devices: lanes(2) });
  const found = await Promise.all(
    Array.from({ length: 6 }, () => evaluateRounds(many.pool, { maxRows: 5 })),
  );
  for (const one of found) assert.deepEqual(one, wanted);
});

Deno.test("DevicePool.run() stops when its signal aborts, and the pool stays usable", async () => {
  await using many = await openPool({ devices: lanes(2) });
  const wanted = await evaluateRounds(many.pool);
  const controller = new AbortController();
  const stopped = evaluateRounds(many.pool, { rounds: 1000, signal: controller.signal });
  setTimeout(() => controller.abort(new Error("enough")), 20);
  await assert.rejects(stopped, { message: "enough" });
  await assert.rejects(evaluateRounds(many.pool, { signal: controller.signal }), {
    message: "enough",
  });
  assert.deepEqual(await evaluateRounds(many.pool), wanted);
  assert.ok(many.pool.report().every(({ faults }) => faults.length === 0));
});

Deno.test("DevicePool leaves no Worker and no native object behind", async () => {
  {
    await using many = await openPool({ devices: lanes(3) });
    await evaluateRounds(many.pool);
    assert.equal(liveWorkers(), 3);
  }
  assertNothingLeft();
});

Deno.test("DevicePool refuses to run after it was closed, and ends what runs", async () => {
  const many = await openPool({ devices: lanes(2) });
  const running = evaluateRounds(many.pool, { rounds: 10_000 });
  running.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 10));
  await many.pool.close();
  await many.pool.close();
  await assert.rejects(running, { name: "TypeError", message: /DevicePool is closed/ });
  const rows = many.pool.createRows(LAYOUT, 1);
  await assert.rejects(many.pool.run(rows, 1), { name: "TypeError", message: /closed/ });
  assertNothingLeft();
});
