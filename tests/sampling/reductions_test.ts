import assert from "node:assert/strict";
import { TorchGenerator } from "../../src/sampling/noise.ts";
import * as reductions from "../../src/sampling/reductions.ts";

Deno.test("reductions equal plain sums for every length, multiples of four or not", () => {
  for (let length = 1; length <= 21; length++) {
    const random = new TorchGenerator(length);
    const [a, b, c, d] = [0, 1, 2, 3].map(() => random.randn(length));
    const near = (value: number, term: (i: number) => number) => {
      const wanted = a.reduce((sum, _, i) => sum + term(i), 0);
      assert.ok(Math.abs(value - wanted) < 1e-12, `length ${length}`);
    };
    near(reductions.sumOfSquares(a), (i) => a[i] ** 2);
    near(reductions.rms(a) ** 2 * length, (i) => a[i] ** 2);
    near(reductions.differenceProducts(a, b).square, (i) => (a[i] - b[i]) ** 2);
    near(reductions.differenceProducts(a, b).dot, (i) => (a[i] - b[i]) * a[i]);
    near(reductions.differencesDot([a, b], [c, d]), (i) => (a[i] - b[i]) * (c[i] - d[i]));
  }
});
