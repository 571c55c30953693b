import assert from "node:assert/strict";
import { bucketSizes, nextCall } from "../../src/devices/call_size.ts";

Deno.test("nextCall() takes all rows at once unless something bounds it", () => {
  assert.deepEqual(nextCall(25, {}, Infinity), { rows: 25, padded: 0 });
  assert.deepEqual(nextCall(25, { maxRows: 8 }, Infinity), { rows: 7, padded: 0 });
  // What a device ran out of memory at is remembered there.
  assert.deepEqual(nextCall(25, { maxRows: 8 }, 4), { rows: 4, padded: 0 });
});

Deno.test("nextCall() pads to the smallest size that fits", () => {
  const buckets = [25, 13, 7];
  assert.deepEqual(nextCall(20, { buckets }, Infinity), { rows: 20, padded: 25 });
  assert.deepEqual(nextCall(13, { buckets }, Infinity), { rows: 13, padded: 13 });
  assert.deepEqual(nextCall(3, { buckets }, Infinity), { rows: 3, padded: 7 });
  assert.deepEqual(nextCall(60, { buckets }, Infinity), { rows: 20, padded: 25 });
  assert.deepEqual(nextCall(60, { buckets, maxRows: 10 }, Infinity), { rows: 7, padded: 7 });
  // No size is small enough: better no padding than no result.
  assert.deepEqual(nextCall(60, { buckets }, 4), { rows: 4, padded: 0 });
});

Deno.test("nextCall() always gives a frozen network its batch", () => {
  assert.deepEqual(nextCall(3, { frozenBatch: 8, maxRows: 2 }, 4), { rows: 3, padded: 8 });
  assert.deepEqual(nextCall(20, { frozenBatch: 8 }, Infinity), { rows: 8, padded: 8 });
});

Deno.test("nextCall() with alone returns one row with all other limits", () => {
  const alone = true;
  assert.deepEqual(nextCall(20, { alone }, Infinity), { rows: 1, padded: 1 });
  assert.deepEqual(nextCall(20, { alone, maxRows: 8, buckets: [25, 8] }, 4), {
    rows: 1,
    padded: 1,
  });
  assert.deepEqual(nextCall(20, { alone, frozenBatch: 2 }, Infinity), { rows: 1, padded: 2 });
});

Deno.test("bucketSizes() halves down to one row", () => {
  assert.deepEqual(bucketSizes(25), [25, 13, 7, 4, 2, 1]);
  assert.deepEqual(bucketSizes(1), [1]);
});
