import assert from "node:assert/strict";
import { TorchGenerator } from "../../../src/sampling/noise.ts";
import { addWeighted, combine, learn, newProducts } from "../../../src/sampling/tqn/tqn_kernels.ts";

const near = (value: number, wanted: number) => assert.ok(Math.abs(value - wanted) < 1e-12);
const sum = (length: number, term: (i: number) => number) =>
  Array.from({ length }, (_, i) => term(i)).reduce((total, value) => total + value, 0);

for (const length of [1, 2, 7, 16]) {
  const random = new TorchGenerator(length);
  const rows = () => [0, 1, 2, 3, 4, 5, 6, 7].map(() => random.randn(length));

  Deno.test(`learn() keeps an evaluation and sums up its squared residual, ${length} values`, () => {
    const [above, epsilon, xi, x, input, output] = rows();
    const given = { c: 1.1, d: -0.2, n: 0.3, above, epsilon, xi };
    const residual = (i: number) => 1.1 * above[i] - 0.2 * epsilon[i] + 0.3 * xi[i] - x[i];
    near(learn({ ...given, x }, { input, output }), sum(length, (i) => residual(i) ** 2));
    assert.deepEqual([input, output], [above, epsilon]);
    const exact = above.map((value, i) => 1.1 * value + -0.2 * epsilon[i] + 0.3 * xi[i]);
    assert.equal(learn({ ...given, x: exact }, { input, output }), 0);
  });

  const [x0, x1, x2, e0, e1, e2, above, beyond] = rows();
  const known = [
    { input: x0, output: e0 },
    { input: x1, output: e1 },
    { input: x2, output: e2 },
  ] as const;

  Deno.test(`newProducts() equals plain sums of differences, ${length} values`, () => {
    const products = newProducts(above, known);
    const minus = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]);
    const dot = (a: Float64Array, b: Float64Array) => sum(length, (i) => a[i] * b[i]);
    const dd = minus(above, x0), a1 = minus(x0, x1), a2 = minus(x1, x2);
    const y1 = minus(e0, e1), y2 = minus(e1, e2);
    near(products.dd, dot(dd, dd));
    near(products.a1dd, dot(a1, dd));
    near(products.a2dd, dot(a2, dd));
    near(products.y1dd, dot(y1, dd));
    near(products.y2dd, dot(y2, dd));
    near(products.a1y1, dot(a1, y1));
    near(products.a2y1, dot(a2, y1));
  });

  Deno.test(`combine() weighs every row, ${length} values`, () => {
    const x = new Float64Array(length);
    combine(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8), { known, above, beyond, x });
    x.forEach((value, i) => {
      const outputs = e0[i] + 2 * e1[i] + 3 * e2[i];
      near(value, outputs + 4 * x0[i] + 5 * x1[i] + 6 * x2[i] + 7 * above[i] + 8 * beyond[i]);
    });
  });

  Deno.test(`addWeighted() adds the sum of two weighted rows, ${length} values`, () => {
    const out = above.map((value, i) => 2 * value - 3 * beyond[i]);
    addWeighted([5, 0.5], [above, beyond], out);
    out.forEach((value, i) => near(value, 7 * above[i] - 2.5 * beyond[i]));
  });
}
