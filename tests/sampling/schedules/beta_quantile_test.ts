import assert from "node:assert/strict";
import { betaQuantile } from "../../../src/sampling/schedules/beta_quantile.ts";

Deno.test("betaQuantile() equals scipy.stats.beta.ppf(p, a, a) of scipy 1.17.1", () => {
  const cases: [a: number, p: number, wanted: number][] = [
    [0.6, 1e-6, 1.85588246241e-10],
    [0.6, 1e-3, 1.85587385175e-5],
    [0.6, 0.1, 0.0395844055888],
    [0.6, 0.4, 0.362700990753],
    [0.6, 0.5, 0.5],
    [0.6, 0.9, 0.960415594411],
    [2.5, 0.1, 0.22456860241],
    [2.5, 0.4, 0.440678511505],
  ];
  for (const [a, p, wanted] of cases) {
    assert.ok(Math.abs(betaQuantile(p, a) / wanted - 1) < 1e-10, `${a}, ${p}`);
  }
  assert.deepEqual([0, 1].map((p) => betaQuantile(p, 0.6)), [0, 1]);
});
