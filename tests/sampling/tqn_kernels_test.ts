import assert from "node:assert/strict";
import { Generator } from "../../src/sampling/noise.ts";
import {
  addNoise,
  jump,
  learn,
  learnPair,
  moveProducts,
  predict,
} from "../../src/sampling/tqn_kernels.ts";

const near = (value: number, wanted: number) => assert.ok(Math.abs(value - wanted) < 1e-12);
const sum = (length: number, term: (i: number) => number) =>
  Array.from({ length }, (_, i) => term(i)).reduce((total, value) => total + value, 0);

for (const length of [1, 2, 7, 16]) {
  const random = new Generator(length);
  const rows = () => [0, 1, 2, 3, 4, 5, 6].map(() => random.randn(length));
  const factors = { c: 1.1, d: -0.2, n: 0.3, s: 0.8, q: 0.6 };

  Deno.test(`learn() and learnPair() keep an evaluation and return their sums, ${length} values`, () => {
    const [above, epsilon, inputBefore, outputBefore, xi, x, moveBefore] = rows();
    const kept = () => ({ input: inputBefore.slice(), output: outputBefore.slice() });
    const residual = sum(
      length,
      (i) => (1.1 * above[i] - 0.2 * epsilon[i] + 0.3 * xi[i] - x[i]) ** 2,
    );
    const given = { ...factors, above, epsilon, xi, x }, alone = kept(), paired = kept();
    near(learn({ ...given, ...alone }), residual);
    const move = new Float64Array(length), change = new Float64Array(length);
    const sums = learnPair({ ...given, ...paired, move, change, moveBefore });
    for (const { input, output } of [alone, paired]) {
      assert.deepEqual([input, output], [above, epsilon]);
    }
    assert.deepEqual(move, above.map((value, i) => value - inputBefore[i]));
    assert.deepEqual(change, epsilon.map((value, i) => value - outputBefore[i]));
    near(sums.squaredResidual, residual);
    near(sums.product, sum(length, (i) => move[i] * change[i]));
    near(sums.productBefore, sum(length, (i) => moveBefore[i] * change[i]));
  });

  Deno.test(`moveProducts() equals plain sums, ${length} values`, () => {
    const [x, input, output, a1, a2, y1, y2] = rows();
    const products = moveProducts(x, { input, output, moves: [a1, a2], changes: [y1, y2] });
    near(products.dd, sum(length, (i) => (x[i] - input[i]) ** 2));
    near(products.a1dd, sum(length, (i) => a1[i] * (x[i] - input[i])));
    near(products.a2dd, sum(length, (i) => a2[i] * (x[i] - input[i])));
    near(products.y1dd, sum(length, (i) => y1[i] * (x[i] - input[i])));
    near(products.y2dd, sum(length, (i) => y2[i] * (x[i] - input[i])));
  });

  Deno.test(`predict() equals its formula, and the evaluated output where nothing moved, ${length} values`, () => {
    const [input, output, a1, a2, y1, y2, above] = rows();
    const before = random.randn(length), clean = before.slice(), x = new Float64Array(length);
    const known = { input, output, moves: [a1, a2], changes: [y1, y2] } as const;
    const scalars = {
      ...factors,
      slope: 1.3,
      pairs: [0.4, -0.7],
      mirrored: [0.2, -0.5],
      trust: 0.9,
    } as const;
    predict(scalars, { ...known, clean, x, above });
    for (let i = 0; i < length; i++) {
      const secant = output[i] + 1.3 * (above[i] - input[i]) + 0.4 * (y1[i] - 1.3 * a1[i]) -
        0.7 * (y2[i] - 1.3 * a2[i]) + 0.2 * a1[i] - 0.5 * a2[i];
      const e = 0.9 * secant + 0.1 * (above[i] - 0.6 * before[i]) / 0.8;
      near(x[i], 1.1 * above[i] - 0.2 * e);
      near(clean[i], (above[i] - 0.8 * e) / 0.6);
    }
    const still = { ...scalars, pairs: [0, 0], mirrored: [0, 0], trust: 1 } as const;
    predict(still, { ...known, clean, x, above: input });
    assert.deepEqual(x, input.map((value, i) => 1.1 * value + -0.2 * output[i]));
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
