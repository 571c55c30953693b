import assert from "node:assert/strict";
import { roundsTo } from "../../../../scripts/bench/samplers/metrics.ts";

Deno.test("roundsTo() returns the round, from 1, from which the error stays below", () => {
  assert.equal(roundsTo([1, 0.1, 0.01, 0.001], 0.01), 3);
  assert.equal(roundsTo([0.001, 0.1, 0.005, 0.001], 0.01), 3);
  assert.equal(roundsTo([0.001], 0.01), 1);
});

Deno.test("roundsTo() is undefined if the error ends above the threshold or as NaN", () => {
  assert.equal(roundsTo([1, 0.001, 0.1], 0.01), undefined);
  assert.equal(roundsTo([1, 0.001, NaN], 0.01), undefined);
});
