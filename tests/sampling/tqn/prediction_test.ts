/** The weights against the formulas that they come from, term by term. */
import assert from "node:assert/strict";
import { TorchGenerator } from "../../../src/sampling/noise.ts";
import { jumpWeights, predictionWeights } from "../../../src/sampling/tqn/prediction.ts";

const near = (value: number, wanted: number) => assert.ok(Math.abs(value - wanted) < 1e-12);
const factors = { c: 1.1, d: -0.2, n: 0.3, s: 0.8, q: 0.6 };
const stepAbove = { c: 1.2, d: -0.4, n: 0.5, s: 0.9, q: 0.4 };
const [input, inputAbove, xi, ...rows] = new TorchGenerator(5).randn(16);

/** The x_0-prediction of the step above. */
function clean(): number {
  const e = (input - stepAbove.n * xi - stepAbove.c * inputAbove) / stepAbove.d;
  return (inputAbove - stepAbove.s * e) / stepAbove.q;
}

/** x_t with ε aimed at an x_0. */
function aimed(x0: number): number {
  return factors.c * input + factors.d * (input - factors.q * x0) / factors.s;
}

Deno.test("jumpWeights() aims at the x_0-prediction of the step above, at 0 without one", () => {
  const weights = jumpWeights(factors, stepAbove);
  const x = weights.input * input + weights.inputAbove * inputAbove + weights.noiseAbove * xi;
  near(x, aimed(clean()));
  const highest = jumpWeights(factors, undefined);
  near(highest.input * input, aimed(0));
  assert.deepEqual([highest.inputAbove, highest.noiseAbove], [0, 0]);
});

Deno.test("jumpWeights() needs no noise of a step above that adds none", () => {
  assert.equal(Math.abs(jumpWeights(factors, { ...stepAbove, n: 0 }).noiseAbove), 0);
});

Deno.test("predictionWeights() mixes the secant model's step with a jump", () => {
  const [x0, x1, x2, e0, e1, e2] = rows, jump = jumpWeights(factors, stepAbove);
  const model = { slope: 1.3, pairs: [0.4, -0.7], symmetric: [0.2, -0.5], trust: 0.9 } as const;
  const weights = predictionWeights(model, factors, jump);
  const x = [e0, e1, e2, x0, x1, x2, input, inputAbove].reduce(
    (x, row, i) => x + weights[i] * row,
    0,
  );
  const e = e0 + 1.3 * (input - x0) + 0.4 * (e0 - e1 - 1.3 * (x0 - x1)) -
    0.7 * (e1 - e2 - 1.3 * (x1 - x2)) + 0.2 * (x0 - x1) - 0.5 * (x1 - x2);
  const wanted = 0.9 * (1.1 * input - 0.2 * e) + 0.1 * aimed(clean());
  near(x + 0.1 * jump.noiseAbove * xi, wanted);
});
