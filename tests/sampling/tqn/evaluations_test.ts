import assert from "node:assert/strict";
import { Evaluations } from "../../../src/sampling/tqn/evaluations.ts";
import { Workspace } from "../../../src/sampling/kernels/workspace.ts";
import { TorchGenerator } from "../../../src/sampling/noise.ts";

const SIZE = 5;
const random = new TorchGenerator(9);
const dot = (a: Float64Array, b: Float64Array) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0);
const minus = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]);

const evaluationsOf = (options: Record<"numSteps" | "pairs", number>) =>
  new Evaluations(
    { ...{ windowSize: 2, rowSize: SIZE, damping: 0.01 }, ...options },
    new Workspace(12, SIZE),
  );

/**
 * Evaluations of step 1 of 2 at `inputs` in turn, each probed before, as a sweep does; then probed
 * at `last`.
 */
function after(
  inputs: Float64Array[],
  last: Float64Array,
  { pairs = 2, answer = (_: Float64Array) => random.randn(SIZE) } = {},
) {
  const evaluations = evaluationsOf({ numSteps: 2, pairs });
  const outputs = inputs.map(answer);
  inputs.forEach((input, k) => {
    if (k > 0) evaluations.probe(1, input);
    const x = random.randn(SIZE);
    evaluations.add(1, { ...{ c: 1, d: 1, n: 0 }, input, epsilon: outputs[k], xi: x, x });
  });
  const distance = evaluations.probe(1, last);
  return { evaluations, outputs, distance };
}

const rows = (count: number) => Array.from({ length: count }, () => random.randn(SIZE));

Deno.test("history() is the last three evaluations of a step, the oldest in place of missing ones", () => {
  const inputs = rows(5), last = random.randn(SIZE);
  for (const [count, kept] of [[5, [4, 3, 2]], [2, [1, 0, 0]], [1, [0, 0, 0]]] as const) {
    const { evaluations, outputs, distance } = after(inputs.slice(0, count), last);
    assert.ok(evaluations.has(1) && !evaluations.has(0));
    const wanted = kept.map((k) => ({ input: inputs[k], output: outputs[k] }));
    assert.deepEqual(evaluations.history(1), wanted);
    const move = minus(last, inputs[count - 1]);
    assert.ok(Math.abs(distance - Math.sqrt(dot(move, move) / SIZE)) < 1e-12);
  }
});

Deno.test("secantCoefficients() solves the damped system of the normalised pairs, slope() takes the newest", () => {
  const inputs = rows(4), last = random.randn(SIZE);
  const { evaluations, outputs } = after(inputs, last);
  const a = [minus(inputs[3], inputs[2]), minus(inputs[2], inputs[1])];
  const y = minus(outputs[3], outputs[2]);
  const lengths = a.map((row) => Math.sqrt(dot(row, row)));
  const g = evaluations.secantCoefficients(1).map((value, j) => value * lengths[j]);
  const move = minus(last, inputs[3]);
  a.forEach((row, i) => {
    const left = a.reduce(
      (sum, other, j) =>
        sum + g[j] * (dot(row, other) / (lengths[i] * lengths[j]) + (i === j ? 0.01 : 0)),
      0,
    );
    assert.ok(Math.abs(left - dot(row, move) / lengths[i]) < 1e-9);
  });
  const slope = 0.7 * dot(a[0], y) / dot(a[0], a[0]);
  assert.ok(Math.abs(evaluations.slope(1, 0.7) - Math.min(Math.max(slope, -1), 4)) < 1e-12);
  assert.equal(evaluations.slope(1, -1e9 * Math.sign(slope)), -1);
  assert.equal(evaluations.slope(1, 1e9 * Math.sign(slope)), 4);
});

Deno.test("symmetricCoefficients() spreads what g leaves of the move by the same system", () => {
  const inputs = rows(4), last = random.randn(SIZE);
  const matrix = rows(SIZE);
  const times = (x: Float64Array) =>
    x.map((_, i) => x.reduce((sum, value, j) => sum + matrix[i][j] * value, 0));
  const { evaluations } = after(inputs, last, { answer: times });
  const a = [minus(inputs[3], inputs[2]), minus(inputs[2], inputs[1])];
  const lengths = a.map((row) => Math.sqrt(dot(row, row)));
  const slope = 0.4, pairs = evaluations.secantCoefficients(1);
  const h = evaluations.symmetricCoefficients(1, { slope, pairs }).map((value, j) =>
    value * lengths[j]
  );
  const rest = minus(last, inputs[3]).map((value, i) =>
    value - pairs[0] * a[0][i] - pairs[1] * a[1][i]
  );
  a.forEach((row, i) => {
    const left = a.reduce((sum, other, j) => {
      const cosine = dot(row, other) / (lengths[i] * lengths[j]);
      return sum + h[j] * (cosine + (i === j ? 0.01 : 0));
    }, 0);
    const right = dot(times(row).map((value, k) => value - slope * row[k]), rest) / lengths[i];
    assert.ok(Math.abs(left - right) < 1e-9);
  });
});

Deno.test("secantCoefficients() are 0 without pairs and without a move, slope() is 1 without pairs", () => {
  const inputs = rows(3);
  for (
    const { evaluations } of [
      after(inputs.slice(0, 1), inputs[2]),
      after(inputs, rows(1)[0], { pairs: 0 }),
    ]
  ) {
    assert.deepEqual(evaluations.secantCoefficients(1), [0, 0]);
    assert.equal(evaluations.slope(1, 0.5), 1);
  }
  assert.deepEqual(after(inputs, inputs[2]).evaluations.secantCoefficients(1), [0, 0]);
});

Deno.test("add() makes no pair of a move that is too small, the pair before ends there", () => {
  const [zeroth, first, second] = rows(3), last = random.randn(SIZE);
  const answer = (x: Float64Array) => x.map((value) => 3 * value);
  const close = second.map((value) => value + 1e-10);
  const { evaluations } = after([zeroth, first, second, close], last, { answer });
  const inputs = evaluations.history(1).map(({ input }) => input);
  assert.deepEqual(inputs, [close, first, zeroth]);
  const direct = after([zeroth, first, close], last, { answer }).evaluations;
  const pairs = evaluations.secantCoefficients(1), wanted = direct.secantCoefficients(1);
  pairs.forEach((value, j) => assert.ok(Math.abs(value - wanted[j]) < 1e-12));
  const [found, same] = [evaluations, direct].map((of) =>
    of.symmetricCoefficients(1, { slope: 1, pairs })
  );
  found.forEach((value, j) => assert.ok(Math.abs(value - same[j]) < 1e-12));
});

Deno.test("slope() is 1 and nothing is NaN if the newest pair has length zero", () => {
  const at = (value: number) => new Float64Array(SIZE).fill(value);
  // Powers of two, so that their sums are exact: one move that makes a pair, two that are too
  // small.
  const { evaluations } = after([0, 2 ** -26, 2 ** -27, 0].map(at), at(0.5));
  assert.equal(evaluations.slope(1, 0.7), 1);
  assert.deepEqual(evaluations.secantCoefficients(1), [0, 0]);
  assert.deepEqual(evaluations.symmetricCoefficients(1, { slope: 1, pairs: [0, 0] }), [0, 0]);
  assert.equal(evaluations.stretch(1, { c: 1, d: 1 }), undefined);
});

Deno.test("history() of a step does not change when it takes the rows of a step above the window", () => {
  const evaluations = evaluationsOf({ numSteps: 4, pairs: 2 });
  const ask = (t: number, [input, epsilon]: Float64Array[]) => {
    if (evaluations.has(t)) evaluations.probe(t, input);
    evaluations.add(t, { ...{ c: 1, d: 1, n: 0 }, input, epsilon, xi: input, x: input });
  };
  for (let round = 0; round < 4; round++) ask(3, rows(2));
  const answers = Array.from({ length: 5 }, () => rows(2));
  answers.forEach((answer) => {
    ask(1, answer);
    ask(2, rows(2));
  });
  const wanted = answers.slice(2).reverse().map(([input, output]) => ({ input, output }));
  assert.deepEqual(evaluations.history(1), wanted);
});

Deno.test("clear() removes evaluations and pairs, so that steps a window apart may share rows again", () => {
  const { evaluations } = after(rows(3), random.randn(SIZE));
  evaluations.clear();
  assert.ok(!evaluations.has(1));
  const input = random.randn(SIZE), epsilon = random.randn(SIZE);
  evaluations.probe(1, input);
  evaluations.add(1, { ...{ c: 1, d: 1, n: 0 }, input, epsilon, xi: input, x: input });
  const only = { input, output: epsilon };
  assert.deepEqual(evaluations.history(1), [only, only, only]);
  assert.equal(evaluations.slope(1, 1), 1);
});
