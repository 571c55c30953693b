import assert from "node:assert/strict";
import { HEAT_RANGE, heatColour, heatmap } from "../../src/report/heatmap.ts";

Deno.test("heatColour() is lighter for larger residuals, within its range", () => {
  const light = (residual: number) => heatColour(residual).reduce((a, b) => a + b);
  const lights = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1].map(light);
  assert.deepEqual(lights, lights.toSorted((a, b) => a - b));
  assert.deepEqual(heatColour(0), heatColour(HEAT_RANGE.low));
  assert.deepEqual(heatColour(99), heatColour(HEAT_RANGE.high));
});

Deno.test("heatmap() draws a row per round, steps outside the window and unevaluated ones in grey", () => {
  const round = { evaluations: 2, finishedIndex: 0 };
  const { width, height, data } = heatmap([
    { ...round, round: 1, windowStart: 1, windowEnd: 3, residuals: [NaN, 1] },
    { ...round, round: 2, windowStart: 0, windowEnd: 1, residuals: [1e-5] },
  ], 4);
  assert.deepEqual([width, height], [4, 2]);
  const pixel = (i: number) => [...data.subarray(3 * i, 3 * i + 3)];
  const [unseen, finished] = [[128, 128, 128], [176, 176, 176]];
  assert.deepEqual([0, 1, 2, 3].map(pixel), [unseen, unseen, [...heatColour(1)], finished]);
  assert.deepEqual([4, 5].map(pixel), [[...heatColour(1e-5)], finished]);
});
