import assert from "node:assert/strict";
import { countNonFinite } from "../../src/sampling/arguments.ts";

Deno.test("countNonFinite() counts NaN and infinity, and no large or small number", () => {
  for (const length of [1, 3, 4, 9]) {
    const values = new Float64Array(length).fill(-Number.MAX_VALUE);
    values[0] = Number.MIN_VALUE;
    assert.equal(countNonFinite(values), 0);
    values[length - 1] = NaN;
    assert.equal(countNonFinite(values), 1);
    values.fill(Infinity).fill(-Infinity, 0, 2);
    assert.equal(countNonFinite(values), length);
  }
});
