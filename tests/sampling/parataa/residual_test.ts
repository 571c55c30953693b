import assert from "node:assert/strict";
import { TorchGenerator } from "../../../src/sampling/noise.ts";
import { sweep } from "../../../src/sampling/parataa/residual.ts";
import { createSchedule } from "../../../src/sampling/schedules/schedule.ts";

Deno.test("sweep() equals the paper's residual of every order, its sums written out", () => {
  const steps = 12, size = 3;
  const { c, d, n } = createSchedule({ kind: "dit", numInferenceSteps: steps, eta: 1 });
  const random = new TorchGenerator(1);
  const rows = (count: number) => Array.from({ length: count }, () => random.randn(size));
  const x = rows(steps + 1), epsilon = rows(steps), xi = rows(steps);
  for (const order of [1, 2, 5, 12]) {
    const residual = Array.from({ length: steps + order }, () => new Float64Array(size));
    const first = Array.from(
      { length: steps + order },
      (_, t) => epsilon[t]?.slice() ?? new Float64Array(size),
    );
    for (let t = steps - 1; t >= 0; t--) {
      const cProduct = c.subarray(t, t + order).reduce((product, value) => product * value, 1);
      const image = new Float64Array(size);
      sweep({ c: c[t], d: d[t], n: n[t], cProduct }, {
        ...{ input: x[t + 1], x: x[t], xi: xi[t], r: first[t], image },
        ...{ residualAbove: residual[t + 1], dropped: first[t + order], residual: residual[t] },
      });
      for (let i = 0; i < size; i++) {
        const end = Math.min(t + order, steps);
        const product = (below: number) => c.subarray(t, below).reduce((a, b) => a * b, 1);
        let wanted = product(end) * x[end][i];
        for (let j = t; j < end; j++) {
          wanted += product(j) * (d[j] * epsilon[j][i] + n[j] * xi[j][i]);
        }
        assert.ok(Math.abs(image[i] - wanted) < 1e-12 * 160);
        assert.ok(Math.abs(residual[t][i] - (wanted - x[t][i])) < 1e-12 * 160);
      }
    }
  }
});
