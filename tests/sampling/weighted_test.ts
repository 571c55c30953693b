import assert from "node:assert/strict";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import { weighted } from "../../src/sampling/weighted.ts";

Deno.test("weighted() writes the sum of two weighted rows over what is there", () => {
  for (const length of [0, 1, 8, 33]) {
    const [a, b, out] = [0, 1, 2].map((seed) => new TorchGenerator(seed).randn(length));
    weighted([2, -3], [a, b], out);
    out.forEach((value, i) => assert.ok(Math.abs(value - (2 * a[i] - 3 * b[i])) < 1e-12));
  }
});
