import assert from "node:assert/strict";
import { highest, lowest } from "../../src/report/extent.ts";

Deno.test("highest() and lowest() accept more numbers than a call can have arguments", () => {
  const values = Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 300_000 - 5);
  assert.deepEqual([lowest(values), highest(values)], [-5, 299_994]);
  assert.throws(() => Math.max(...values), RangeError);
  assert.deepEqual([lowest([]), highest([])], [Infinity, -Infinity]);
});
