import assert from "node:assert/strict";
import { byteLengthOf } from "../../src/formats/shape.ts";

Deno.test("byteLengthOf() multiplies", () => {
  assert.equal(byteLengthOf([], 4), 4);
  assert.equal(byteLengthOf([2, 3, 4], 4), 96);
  assert.equal(byteLengthOf([2, 0, 4], 4), 0);
});

Deno.test("byteLengthOf() is undefined from 2^53 on, even with a size of 0", () => {
  assert.equal(byteLengthOf([2 ** 53 - 1], 1), 2 ** 53 - 1);
  assert.equal(byteLengthOf([2 ** 53 - 1], 2), undefined);
  assert.equal(byteLengthOf([0, 2 ** 27, 2 ** 26], 1), undefined);
  assert.equal(byteLengthOf([2 ** 27, 2 ** 26, 0], 1), undefined);
  assert.equal(byteLengthOf(Array(1000).fill(2 ** 52), 8), undefined);
});
