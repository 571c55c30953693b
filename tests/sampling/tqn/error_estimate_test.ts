import assert from "node:assert/strict";
import { createSchedule, type Schedule } from "../../../mod.ts";
import { Workspace } from "../../../src/sampling/kernels/workspace.ts";
import { ErrorEstimate } from "../../../src/sampling/tqn/error_estimate.ts";

const STEPS = 100;
const schedule = createSchedule({ kind: "dit", numInferenceSteps: STEPS });
const rms = (row: Float64Array) => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0) / row.length);
const step = (t: number, x: Float64Array, epsilon: Float64Array, { c, d }: Schedule) =>
  x.map((value, i) => c[t] * value + d[t] * epsilon[i]);

/** κ_t of the estimate. */
const predictionError = (t: number) => {
  const a = schedule.alphasCumprod[t];
  return 0.8 * a / (a + (1 - a) / 40);
};

Deno.test("ErrorEstimate adds the error of a step's prediction, with the sign that enlarges it", () => {
  const here = Float64Array.of(1, 2), there = Float64Array.of(1.003, 2.004);
  const moved = Math.sqrt((0.003 ** 2 + 0.004 ** 2) / 2);
  const added = (t: number) =>
    predictionError(t) * Math.abs(schedule.d[t]) / schedule.sigma[t] * moved;
  const kept = schedule.c[40] + schedule.d[40] / schedule.sigma[40];
  for (const [evaluated, input] of [[there, here], [here, there]]) {
    const estimate = new ErrorEstimate({ schedule, rowSize: 2 }, new Workspace(2, 2));
    assert.equal(estimate.isDue(41), false, "no error yet");
    estimate.carry(41, { evaluated: here, input: there });
    estimate.carry(40, { evaluated, input });
    // A network whose output does not change passes E on as D = E/q.
    estimate.learn(39, new Float64Array(2), {
      ...{ input: here, x: here.map((value) => schedule.c[39] * value), xi: here },
    });
    const error = estimate.errorOfSample * schedule.clean[39];
    assert.ok(Math.abs(error - (kept * added(41) + added(40))) < 1e-12);
  }
});

Deno.test("ErrorEstimate carries an error as the network does", () => {
  const slope = [1.7, -0.4]; // of ε = slope x, element by element
  const network = (x: Float64Array) => x.map((value, i) => slope[i] * value);
  const estimate = new ErrorEstimate({ schedule, rowSize: 2 }, new Workspace(2, 2));
  const input = Float64Array.of(0.3, -0.2);
  estimate.carry(31, { evaluated: input.map((x) => x - 1e-3), input });
  // The error's direction and size, from a perturbation and from what the network makes of it.
  const perturbed = new Float64Array(2), x = step(30, input, network(input), schedule);
  estimate.perturb(30, input, perturbed);
  const direction = perturbed.map((value, i) => (value - input[i]) / 0.01);
  const size = predictionError(31) * Math.abs(schedule.d[31]) / schedule.sigma[31] * 1e-3;
  estimate.learn(30, network(perturbed), { input, x, xi: input });
  const error = direction.map((value) => size * value);
  const clean = error.map((value, i) =>
    (value - schedule.sigma[30] * slope[i] * value) / schedule.clean[30]
  );
  assert.ok(Math.abs(estimate.errorOfSample - rms(clean)) < 1e-9 * rms(clean));
  estimate.carry(30, { evaluated: input, input });
  const below = new Float64Array(2);
  estimate.perturb(29, input, below);
  const wanted = error.map((value, i) =>
    schedule.c[30] * value + schedule.d[30] * slope[i] * value
  );
  below.forEach((value, i) =>
    assert.ok(Math.abs((value - input[i]) / 0.01 - wanted[i] / rms(wanted)) < 1e-6)
  );
});

Deno.test("ErrorEstimate asks for perturbed inputs 0.7 apart in ln SNR, where the image is decided", () => {
  const estimate = new ErrorEstimate({ schedule, rowSize: 1 }, new Workspace(2, 1));
  const still = Float64Array.of(1), moved = Float64Array.of(1.001), due: number[] = [];
  const complete: boolean[] = [];
  for (let t = STEPS - 1; t >= 0; t--) {
    if (estimate.isDue(t)) {
      due.push(t);
      estimate.learn(t, still, { input: still, x: still, xi: still });
      complete.push(estimate.isComplete);
    }
    estimate.carry(t, { evaluated: still, input: moved });
  }
  const alphas = due.map((t) => schedule.alphasCumprod[t]);
  assert.ok(alphas[0] >= 0.02 && alphas.at(-1)! <= 0.99);
  const logs = alphas.map((a) => Math.log(a / (1 - a)));
  logs.slice(1).forEach((value, i) => assert.ok(value - logs[i] >= 0.7));
  assert.equal(due.length, 11);
  assert.equal(complete.indexOf(true), 10, "the last one");
  estimate.reset();
  assert.deepEqual([estimate.errorOfSample, estimate.isDue(40)], [0, false]);
});
