import assert from "node:assert/strict";
import { renoise } from "../../src/sampling/renoise.ts";
import { createSchedule } from "../../src/sampling/schedules/schedule.ts";

const schedule = createSchedule({ kind: "stable-diffusion", numInferenceSteps: 5 });
const latent = Float64Array.of(1, -2, 0.5);
const noise = Float64Array.from({ length: 6 * 3 }, (_, i) => Math.cos(i));

Deno.test("renoise() puts the latent at every level of the schedule along the initial noise", () => {
  const trajectory = renoise(latent, { schedule, noise });
  assert.deepEqual(trajectory.slice(0, 3), latent);
  assert.deepEqual(trajectory.slice(15), noise.slice(15));
  for (let t = 0; t < 4; t++) {
    const a = schedule.alphasCumprod[t];
    for (let i = 0; i < 3; i++) {
      const wanted = Math.sqrt(a) * latent[i] + Math.sqrt(1 - a) * noise[15 + i];
      assert.equal(trajectory[(t + 1) * 3 + i], wanted);
    }
  }
});

Deno.test("renoise() is what DDIM keeps: with that noise predicted, every step leads to the next row", () => {
  const trajectory = renoise(latent, { schedule, noise });
  for (let t = 1; t < 4; t++) {
    for (let i = 0; i < 3; i++) {
      const next = schedule.c[t] * trajectory[(t + 1) * 3 + i] + schedule.d[t] * noise[15 + i];
      assert.ok(Math.abs(next - trajectory[t * 3 + i]) < 1e-12, `step ${t}`);
    }
  }
});

Deno.test("renoise() refuses arrays of the wrong length and values that are not finite", () => {
  assert.throws(() => renoise(latent, { schedule, noise: noise.slice(3) }), RangeError);
  assert.throws(() => renoise(Float64Array.of(1, NaN, 0), { schedule, noise }), RangeError);
});
