import assert from "node:assert/strict";
import { finishedIndex, SlidingWindow } from "../../src/sampling/window.ts";

const open = (size: number, steps: number) =>
  new SlidingWindow({ size, finished: steps, uninitialised: steps - 1 });

Deno.test("SlidingWindow starts at the top and gives first values below it", () => {
  const window = open(4, 10);
  assert.deepEqual(window.slide(), { from: 7, to: 10 });
  assert.deepEqual([window.start, window.end], [6, 10]);
  window.advance(8);
  assert.deepEqual(window.slide(), { from: 5, to: 7 });
  assert.deepEqual([window.start, window.end], [4, 8]);
});

Deno.test("SlidingWindow reaches step 0 and then gives no more first values", () => {
  const window = open(10, 10);
  assert.deepEqual(window.slide(), { from: 1, to: 10 });
  window.advance(9);
  assert.deepEqual(window.slide(), { from: 0, to: 1 });
  window.advance(3);
  assert.deepEqual(window.slide(), { from: 0, to: 0 });
  assert.deepEqual([window.start, window.end], [0, 3]);
});

Deno.test("slide() never touches a final row, after a whole window or with a window of one", () => {
  for (const size of [1, 2, 5]) {
    const window = open(size, 20);
    while (window.finished > 0) {
      const { from, to } = window.slide();
      assert.ok(to <= window.finished && from <= to);
      window.advance(window.start);
    }
  }
});

const rule = {
  ...{ atol: 0.1, rtol: 1, scale: new Float64Array(5).fill(1) },
  noiseScale: Float64Array.of(0, 0, 0, 0.5),
};

Deno.test("finishedIndex() is the highest step beyond both tolerances", () => {
  const at = (...residuals: number[]) =>
    finishedIndex(open(4, 4), Float64Array.from(residuals), rule);
  assert.equal(at(0, 0, 0, 0), 0);
  assert.equal(at(9, 0, 0, 0), 0);
  assert.equal(at(0, 0.11, 0, 0), 1);
  assert.equal(at(0, 0.1, 0.1, 0.5), 0);
  assert.equal(at(0, 0, 0, 0.51), 3);
  const large = { ...rule, scale: Float64Array.of(1, 1, 20, 1, 1) };
  assert.equal(finishedIndex(open(4, 4), Float64Array.of(0, 0, 2, 0), large), 0);
  assert.equal(finishedIndex(open(4, 4), Float64Array.of(0, 0, 2.1, 0), large), 2);
});

Deno.test("finishedIndex() never finishes NaN or infinity", () => {
  const at = (value: number) => finishedIndex(open(4, 4), Float64Array.of(0, 0, value, 0), rule);
  assert.equal(at(NaN), 2);
  assert.equal(at(Infinity), 2);
});
