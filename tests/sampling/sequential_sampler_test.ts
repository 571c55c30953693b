import assert from "node:assert/strict";
import { createSchedule, type Denoiser, sequentialSample } from "../../mod.ts";
import { NumericalError } from "../../src/errors.ts";
import { mixtureDenoiser, readProblem } from "./fixtures.ts";

const schedule = createSchedule({ kind: "stable-diffusion", numInferenceSteps: 50, eta: 1 });
const { points, noise } = await readProblem();

Deno.test("sequentialSample() fulfils every equation of the system exactly", async () => {
  const denoiser = mixtureDenoiser(points, schedule);
  const used = noise.slice(0, 51 * 64);
  const { trajectory: x, sample, ...rest } = await sequentialSample(denoiser, {
    schedule,
    noise: used,
  });
  assert.deepEqual(rest, { rounds: 50, nfe: 50, converged: true, trusted: true });
  assert.deepEqual(sample, x.slice(0, 64));
  assert.deepEqual(x.slice(50 * 64), used.slice(50 * 64));
  const epsilon = new Float64Array(50 * 64);
  await denoiser.predictNoise(
    x.subarray(64),
    Int32Array.from({ length: 50 }, (_, t) => t),
    epsilon,
  );
  for (let k = 0; k < epsilon.length; k++) {
    const t = Math.floor(k / 64);
    const next = schedule.c[t] * x[k + 64] + schedule.d[t] * epsilon[k] + schedule.n[t] * used[k];
    assert.ok(Math.abs(next - x[k]) < 1e-13);
  }
});

Deno.test("sequentialSample() stops on NaN and names step, round and count", async () => {
  const denoiser: Denoiser = {
    rowSize: 64,
    predictNoise: (_x, steps, out) => {
      out.fill(0);
      if (steps[0] === 47) out.fill(NaN, 0, 3);
      return Promise.resolve();
    },
  };
  await assert.rejects(sequentialSample(denoiser, { schedule, noise: noise.slice(0, 51 * 64) }), {
    name: NumericalError.name,
    message: /step 47 in round 3 has 3 of 64 values that are not finite/,
  });
});

Deno.test("sequentialSample() refuses noise of the wrong length or with NaN, and stops on abort", async () => {
  const denoiser = mixtureDenoiser(points, schedule);
  const run = (given: Float64Array, signal?: AbortSignal) =>
    sequentialSample(denoiser, { schedule, noise: given, signal });
  await assert.rejects(run(noise), /noise has 6464 elements, wanted 3264: 51 rows of 64/);
  const broken = noise.slice(0, 51 * 64).fill(NaN, 5, 7);
  await assert.rejects(run(broken), /noise has 2 values that are not finite/);
  await assert.rejects(
    run(noise.slice(0, 51 * 64), AbortSignal.abort(new Error("enough"))),
    /enough/,
  );
});

Deno.test("sequentialSample() keeps a warm start down to variationSteps and takes the steps below", async () => {
  const schedule = createSchedule({ kind: "dit", numInferenceSteps: 6, eta: 1 });
  const noise = Float64Array.from({ length: 7 * 2 }, (_, i) => Math.sin(i + 1));
  const seen: number[] = [];
  const denoiser: Denoiser = {
    rowSize: 2,
    predictNoise(latents, steps, out) {
      seen.push(...steps);
      out.set(latents.map((x) => Math.tanh(x)));
      return Promise.resolve();
    },
  };
  const whole = await sequentialSample(denoiser, { schedule, noise });
  seen.length = 0;
  // Started from its own trajectory the chain ends where it did; from another one it does not.
  const initialTrajectory = whole.trajectory.map((x, i) => i < 3 * 2 ? 9 : x);
  const warm = await sequentialSample(denoiser, {
    schedule,
    noise,
    initialTrajectory,
    variationSteps: 3,
  });
  assert.deepEqual(warm.trajectory, whole.trajectory);
  assert.deepEqual(seen, [2, 1, 0]);
  assert.equal(warm.nfe, 3);
  for (const variationSteps of [0, 7]) {
    await assert.rejects(
      sequentialSample(denoiser, { schedule, noise, initialTrajectory, variationSteps }),
      RangeError,
    );
  }
});
