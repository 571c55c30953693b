import assert from "node:assert/strict";
import { psnr, relativeRms, roundsTo } from "../../../../scripts/bench/samplers/metrics.ts";

Deno.test("relativeRms() is the length of the difference over that of the second", () => {
  assert.equal(relativeRms(Float64Array.of(3, 4), Float64Array.of(0, 4)), 3 / 4);
  assert.equal(relativeRms(Float64Array.of(0, 4), Float64Array.of(3, 4)), 3 / 5);
});

Deno.test("psnr() of a constant difference of 1 level is 20 log10(255)", () => {
  const a = Uint8Array.of(1, 2, 200, 255), b = a.map((level) => level - 1);
  assert.ok(Math.abs(psnr(a, b) - 20 * Math.log10(255)) < 1e-12);
  assert.equal(psnr(b, a), psnr(a, b)); // the difference is not taken in 8 bits
});

Deno.test("psnr() of equal pictures is Infinity; of other sizes it throws", () => {
  assert.equal(psnr(Uint8Array.of(7, 8), Uint8Array.of(7, 8)), Infinity);
  assert.throws(() => psnr(Uint8Array.of(7), Uint8Array.of(7, 8)), RangeError);
});

Deno.test("roundsTo() counts from 1 to the round from which the error stays below", () => {
  assert.equal(roundsTo([1, 0.1, 0.01, 0.001], 0.01), 3);
  assert.equal(roundsTo([0.001, 0.1, 0.005, 0.001], 0.01), 3);
  assert.equal(roundsTo([0.001], 0.01), 1);
});

Deno.test("roundsTo() of a run that never got there, or holds NaN at its end, is undefined", () => {
  assert.equal(roundsTo([1, 0.001, 0.1], 0.01), undefined);
  assert.equal(roundsTo([1, 0.001, NaN], 0.01), undefined);
});
