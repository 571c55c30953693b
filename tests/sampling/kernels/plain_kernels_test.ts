import assert from "node:assert/strict";
import { TorchGenerator } from "../../../src/sampling/noise.ts";
import {
  addMove,
  addWeighted,
  carryError,
  combine,
  newProducts,
  storeEvaluation,
} from "../../../src/sampling/kernels/plain_kernels.ts";

const near = (value: number, wanted: number) => assert.ok(Math.abs(value - wanted) < 1e-12);
const sum = (length: number, term: (i: number) => number) =>
  Array.from({ length }, (_, i) => term(i)).reduce((total, value) => total + value, 0);

for (const length of [1, 2, 7, 16]) {
  const random = new TorchGenerator(length);
  const rows = () => [0, 1, 2, 3, 4, 5, 6, 7].map(() => random.randn(length));

  Deno.test(`storeEvaluation() copies an evaluation and sums its squared residual, ${length} values`, () => {
    const [x1, epsilon, xi, x, input, output] = rows();
    const given = { c: 1.1, d: -0.2, n: 0.3, input: x1, epsilon, xi };
    const residual = (i: number) => 1.1 * x1[i] - 0.2 * epsilon[i] + 0.3 * xi[i] - x[i];
    near(storeEvaluation({ ...given, x }, { input, output }), sum(length, (i) => residual(i) ** 2));
    assert.deepEqual([input, output], [x1, epsilon]);
    const exact = x1.map((value, i) => 1.1 * value + -0.2 * epsilon[i] + 0.3 * xi[i]);
    assert.equal(storeEvaluation({ ...given, x: exact }, { input, output }), 0);
  });

  const [x0, x1, x2, e0, e1, e2, input, inputAbove] = rows();
  const history = [
    { input: x0, output: e0 },
    { input: x1, output: e1 },
    { input: x2, output: e2 },
  ] as const;

  Deno.test(`newProducts() equals plain sums of differences, ${length} values`, () => {
    const products = newProducts(input, history);
    const minus = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]);
    const dot = (a: Float64Array, b: Float64Array) => sum(length, (i) => a[i] * b[i]);
    const dd = minus(input, x0), a1 = minus(x0, x1), a2 = minus(x1, x2);
    const y1 = minus(e0, e1), y2 = minus(e1, e2);
    near(products.dd, dot(dd, dd));
    near(products.a1dd, dot(a1, dd));
    near(products.a2dd, dot(a2, dd));
    near(products.y1dd, dot(y1, dd));
    near(products.y2dd, dot(y2, dd));
    near(products.a1y1, dot(a1, y1));
    near(products.a2y1, dot(a2, y1));
  });

  Deno.test(`combine() sums the weighted rows, ${length} values`, () => {
    const x = new Float64Array(length);
    combine(Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8), { history, input, inputAbove, x });
    x.forEach((value, i) => {
      const outputs = e0[i] + 2 * e1[i] + 3 * e2[i];
      near(value, outputs + 4 * x0[i] + 5 * x1[i] + 6 * x2[i] + 7 * input[i] + 8 * inputAbove[i]);
    });
  });

  Deno.test(`addWeighted() adds the sum of two weighted rows, ${length} values`, () => {
    const out = input.map((value, i) => 2 * value - 3 * inputAbove[i]);
    addWeighted([5, 0.5], [input, inputAbove], out);
    out.forEach((value, i) => near(value, 7 * input[i] - 2.5 * inputAbove[i]));
  });

  Deno.test(`carryError() and addMove() change E and sum over it, ${length} values`, () => {
    const error = e0.slice(), rows = { evaluated: x0, input };
    const carried = e0.map((value, i) => 2 * value - 3 * e1[i]);
    const move = input.map((value, i) => value - x0[i]);
    near(carryError([2, -3], [error, e1], rows), sum(length, (i) => carried[i] * move[i]));
    error.forEach((value, i) => near(value, carried[i]));
    near(addMove(0.5, error, rows), sum(length, (i) => (carried[i] + 0.5 * move[i]) ** 2));
    error.forEach((value, i) => near(value, carried[i] + 0.5 * move[i]));
  });
}
