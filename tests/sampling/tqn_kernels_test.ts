import assert from "node:assert/strict";
import { Generator } from "../../src/sampling/noise.ts";
import {
  addNoise,
  jump,
  learn,
  moveProducts,
  outputProducts,
  predict,
} from "../../src/sampling/tqn_kernels.ts";

const near = (value: number, wanted: number) => assert.ok(Math.abs(value - wanted) < 1e-12);
const sum = (length: number, term: (i: number) => number) =>
  Array.from({ length }, (_, i) => term(i)).reduce((total, value) => total + value, 0);

for (const length of [1, 2, 7, 16]) {
  const random = new Generator(length);
  const rows = () => [0, 1, 2, 3, 4, 5, 6].map(() => random.randn(length));
  const factors = { c: 1.1, d: -0.2, n: 0.3, s: 0.8, q: 0.6 };

  Deno.test(`learn() keeps an evaluation and returns its two sums, ${length} values`, () => {
    const [above, epsilon, inputBefore, outputBefore, xi, x] = rows();
    const input = new Float64Array(length), output = new Float64Array(length);
    const sums = learn({
      ...factors,
      ...{ above, epsilon, inputBefore, outputBefore, input, output, xi, x },
    });
    assert.deepEqual([input, output], [above, epsilon]);
    near(
      sums.product,
      sum(length, (i) => (above[i] - inputBefore[i]) * (epsilon[i] - outputBefore[i])),
    );
    near(
      sums.squaredResidual,
      sum(length, (i) => (1.1 * above[i] - 0.2 * epsilon[i] + 0.3 * xi[i] - x[i]) ** 2),
    );
  });

  Deno.test(`moveProducts() equals plain sums, ${length} values`, () => {
    const [x, p0, p1, p2] = rows();
    const products = moveProducts(x, [p0, p1, p2]);
    near(products.dd, sum(length, (i) => (x[i] - p0[i]) ** 2));
    near(products.a1dd, sum(length, (i) => (p0[i] - p1[i]) * (x[i] - p0[i])));
    near(products.a2dd, sum(length, (i) => (p1[i] - p2[i]) * (x[i] - p0[i])));
  });

  Deno.test(`outputProducts() equals plain sums, ${length} values`, () => {
    const [x, p0, e0, e1, e2] = rows();
    const { y1dd, y2dd } = outputProducts(x, p0, [e0, e1, e2]);
    near(y1dd, sum(length, (i) => (e0[i] - e1[i]) * (x[i] - p0[i])));
    near(y2dd, sum(length, (i) => (e1[i] - e2[i]) * (x[i] - p0[i])));
  });

  Deno.test(`predict() equals its formula, and the evaluated output where nothing moved, ${length} values`, () => {
    const [p0, p1, p2, e0, e1, e2, above] = rows();
    const before = random.randn(length), clean = before.slice(), x = new Float64Array(length);
    const given = { inputs: [p0, p1, p2], outputs: [e0, e1, e2], clean, x } as const;
    const scalars = {
      ...factors,
      slope: 1.3,
      pairs: [0.4, -0.7],
      mirrored: [0.2, -0.5],
      trust: 0.9,
    } as const;
    predict(scalars, { ...given, above });
    for (let i = 0; i < length; i++) {
      const a1 = p0[i] - p1[i], a2 = p1[i] - p2[i], y1 = e0[i] - e1[i], y2 = e1[i] - e2[i];
      const secant = e0[i] + 1.3 * (above[i] - p0[i]) + 0.4 * (y1 - 1.3 * a1) -
        0.7 * (y2 - 1.3 * a2) + 0.2 * a1 - 0.5 * a2;
      const e = 0.9 * secant + 0.1 * (above[i] - 0.6 * before[i]) / 0.8;
      near(x[i], 1.1 * above[i] - 0.2 * e);
      near(clean[i], (above[i] - 0.8 * e) / 0.6);
    }
    predict({ ...scalars, pairs: [0, 0], mirrored: [0, 0], trust: 1 }, { ...given, above: p0 });
    assert.deepEqual(x, p0.map((value, i) => 1.1 * value + -0.2 * e0[i]));
  });

  Deno.test(`jump() keeps the prediction of x_0 and addNoise() adds n ξ, ${length} values`, () => {
    const [above, clean, xi] = rows();
    const x = new Float64Array(length);
    jump(factors, { above, clean, x });
    x.forEach((value, i) => near(value, 1.1 * above[i] - 0.2 * (above[i] - 0.6 * clean[i]) / 0.8));
    const before = x.slice();
    addNoise(0.3, xi, x);
    x.forEach((value, i) => near(value, before[i] + 0.3 * xi[i]));
  });
}
