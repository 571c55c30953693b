import assert from "node:assert/strict";
import { CallTimes } from "../../src/devices/call_times.ts";

/** Times of a device that takes 5 ms a call and 4 ms a row. */
function timesOf(...calls: number[]): CallTimes {
  const times = new CallTimes();
  for (const rows of calls) times.add(rows, 5 + 4 * rows);
  return times;
}

Deno.test("CallTimes does not take calls of few rows for those of a slower device", () => {
  const first = timesOf(13, 13, 12, 5, 2, 2, 2, 2, 2, 2, 2),
    second = timesOf(13, 13, 12, 4, 1, 1, 1);
  assert.equal(first.perRow, second.perRow);
  assert.deepEqual([first.count, second.count], [3, 3]);
  assert.equal(timesOf(1, 2, 1, 2, 1).perRow, (5 + 4 * 2) / 2);
});

Deno.test("CallTimes is the median of the last calls of about the same size", () => {
  assert.equal(new CallTimes().perRow, undefined);
  const times = timesOf(2, 2, 2, 2, 2, 2, 2);
  for (let call = 0; call < 4; call++) times.add(2, 20);
  assert.equal(times.perRow, 10, "4 of the last 7");
  for (let call = 0; call < 32; call++) times.add(1, 3);
  assert.deepEqual([times.perRow, times.count], [3, 7], "large calls are forgotten");
});
