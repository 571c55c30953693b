import assert from "node:assert/strict";
import { type DeviceLoad, shareRows } from "../../../src/devices/rows/row_shares.ts";

const idle = (...speeds: (number | undefined)[]): DeviceLoad[] =>
  speeds.map((speed) => ({ speed, waiting: 0 }));

Deno.test("shareRows() splits evenly over equal devices, larger shares first, as accelerate does", () => {
  assert.deepEqual(shareRows(10, idle(undefined, undefined, undefined, undefined)), [3, 3, 2, 2]);
  assert.deepEqual(shareRows(50, idle(5, 5, 5, 5, 5, 5, 5, 5)), [7, 7, 6, 6, 6, 6, 6, 6]);
  assert.deepEqual(shareRows(2, idle(1, 1, 1)), [1, 1, 0]);
});

Deno.test("shareRows() takes speeds within 20 % for equal, and splits others in proportion", () => {
  assert.deepEqual(shareRows(8, idle(1, 1.1, 1.15, 1)), [2, 2, 2, 2]);
  assert.deepEqual(shareRows(8, idle(3, 1)), [6, 2]);
  assert.deepEqual(shareRows(100, idle(1, 2, 2)), [20, 40, 40]);
  // A slow one goes on being measured.
  assert.deepEqual(shareRows(9, idle(100, 100, 1)), [4, 4, 1]);
  // One that nobody has timed: all count as equal.
  assert.deepEqual(shareRows(8, idle(3, undefined)), [4, 4]);
});

Deno.test("shareRows() gives busy devices less, so that all end together", () => {
  const busy = (...waiting: number[]) => waiting.map((waiting) => ({ speed: 2, waiting }));
  assert.deepEqual(shareRows(8, busy(0, 4)), [6, 2]);
  assert.deepEqual(shareRows(4, busy(0, 40, 0)), [2, 0, 2]);
  // A device twice as fast with twice the backlog is done with it at the same time.
  assert.deepEqual(
    shareRows(6, [{ speed: 1, waiting: 3 }, { speed: 2, waiting: 6 }]),
    [2, 4],
  );
});

Deno.test("shareRows() assigns every row once for all speeds and backlogs", () => {
  let state = 7;
  const random = (limit: number) => (state = state * 48271 % 0x7fffffff) % limit;
  for (let round = 0; round < 2000; round++) {
    const devices = Array.from({ length: 1 + random(16) }, () => ({
      speed: random(5) ? (1 + random(1000)) / 100 : undefined,
      waiting: random(3) ? 0 : random(100),
    }));
    const count = 1 + random(200);
    const shares = shareRows(count, devices);
    const context = JSON.stringify({ count, devices, shares });
    assert.equal(shares.reduce((a, b) => a + b), count, context);
    assert.ok(shares.every((share) => Number.isInteger(share) && share >= 0), context);
  }
});
