/** Levels against diffusers are in scheduler_parity_test.ts. */
import assert from "node:assert/strict";
import { createFlowSchedule, type FlowScheduleOptions, flowShift } from "../../../mod.ts";

const descending = (options: FlowScheduleOptions) =>
  [...createFlowSchedule(options).sigma].reverse();

Deno.test("createFlowSchedule() shifts custom levels, with timesteps 1000 σ", () => {
  assert.deepEqual(descending({ sigmas: [1, 0.5, 0.25] }), [1, 0.5, 0.25]);
  assert.deepEqual(descending({ sigmas: [1, 0.5], shift: 3 }), [1, 0.75]);
  const { timesteps, c, d, n } = createFlowSchedule({ sigmas: [1, 0.5] });
  assert.deepEqual([...timesteps], [500, 1000]);
  assert.deepEqual([[...c], [...d], [...n]], [[1, 1], [-0.5, -0.5], [0, 0]]);
});

Deno.test("createFlowSchedule() with stochasticSampling replaces all noise at every step", () => {
  const { c, d, n, sigma } = createFlowSchedule({
    sigmas: [1, 0.5, 0.2],
    stochasticSampling: true,
  });
  const x0 = 1.5, noise = -0.7;
  for (let t = 0; t < 3; t++) {
    const next = t === 0 ? 0 : sigma[t - 1];
    const x = (1 - sigma[t]) * x0 + sigma[t] * noise;
    assert.ok(Math.abs(c[t] * x + d[t] * (noise - x0) - (1 - next) * x0) < 1e-15);
    assert.equal(n[t], next);
  }
});

Deno.test("flowShift() is FLUX's between two image sizes, linear in the tokens", () => {
  assert.equal(flowShift(256), 0.5);
  assert.equal(flowShift(4096), 1.15);
  assert.ok(Math.abs(flowShift(2176) - 0.825) < 1e-15);
  assert.equal(
    flowShift(300, { baseImageSeqLen: 100, maxImageSeqLen: 500, baseShift: 0, maxShift: 2 }),
    1,
  );
  assert.throws(
    () => flowShift(1, { maxImageSeqLen: 256 }),
    /maxImageSeqLen is 256, wanted .* 257/,
  );
});

const REFUSED: [FlowScheduleOptions, RegExp][] = [
  [{}, /numInferenceSteps is 0, wanted a whole number from 1 to 1000/],
  [{ numInferenceSteps: 1001 }, /numInferenceSteps is 1001/],
  [{ numInferenceSteps: 2, shift: 0 }, /shift is 0, wanted/],
  [{ numInferenceSteps: 2, mu: 0, timeShiftType: "linear" }, /mu is 0, wanted/],
  [
    { numInferenceSteps: 2, spacing: "even" as "pipeline" },
    /spacing is even, wanted scheduler or pipeline/,
  ],
  [{ numInferenceSteps: 1, shiftTerminal: 0.1 }, /shiftTerminal is 0.1 with 1 step, .* wanted 2/],
  [
    { sigmas: [1, 0.5, 0.5] },
    /sigmas\[2\] is 0.5, wanted a number above 0 and below sigmas\[1\], 0.5/,
  ],
  [{ sigmas: [1.5, 0.5] }, /sigmas\[0\] is 1.5, wanted a number above 0 and at most 1/],
  [{ sigmas: [1, 0] }, /sigmas\[1\] is 0, wanted a number above 0/],
  [{ sigmas: [1, NaN] }, /sigmas\[1\] is NaN/],
  [{ sigmas: [1, 0.5], numInferenceSteps: 3 }, /sigmas has 2 entries, wanted 3, one per step/],
  [
    { numInferenceSteps: 2, sigmaSpacing: "cosine" as "beta" },
    /sigmaSpacing is cosine, wanted karras or exponential or beta/,
  ],
];

for (const [options, message] of REFUSED) {
  Deno.test(`createFlowSchedule() refuses ${JSON.stringify(options)}`, () => {
    assert.throws(() => createFlowSchedule(options), { name: "RangeError", message });
  });
}
