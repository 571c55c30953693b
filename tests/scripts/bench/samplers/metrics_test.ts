import assert from "node:assert/strict";
import { roundsTo } from "../../../../scripts/bench/samplers/metrics.ts";

Deno.test("roundsTo() counts from 1 to the round from which the error stays below", () => {
  assert.equal(roundsTo([1, 0.1, 0.01, 0.001], 0.01), 3);
  assert.equal(roundsTo([0.001, 0.1, 0.005, 0.001], 0.01), 3);
  assert.equal(roundsTo([0.001], 0.01), 1);
});

Deno.test("roundsTo() of a run that never got there, or holds NaN at its end, is undefined", () => {
  assert.equal(roundsTo([1, 0.001, 0.1], 0.01), undefined);
  assert.equal(roundsTo([1, 0.001, NaN], 0.01), undefined);
});
