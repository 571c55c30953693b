import assert from "node:assert/strict";
import { retryNonFinite } from "../../src/models/finite_noise.ts";

/** Rows of two; row k comes back as `bad[calls so far]` says, else as its step. */
function flaky(bad: (step: number, call: number) => number | undefined) {
  const calls: number[][] = [];
  const denoiser = retryNonFinite({
    rowSize: 2,
    predictNoise(_latents, steps, out) {
      calls.push([...steps]);
      steps.forEach((step, row) =>
        out.fill(bad(step, calls.length) ?? step, 2 * row + 1, 2 * row + 2)
      );
      return Promise.resolve();
    },
  });
  return { denoiser, calls };
}

const steps = Int32Array.of(4, 5, 6);

Deno.test("retryNonFinite() evaluates a non-finite row again, alone", async () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const { denoiser, calls } = flaky((step, call) => step === 5 && call === 1 ? value : undefined);
    const out = new Float64Array(6);
    await denoiser.predictNoise(new Float64Array(6), steps, out);
    assert.deepEqual(calls, [[4, 5, 6], [5]]);
    assert.deepEqual([...out], [0, 4, 0, 5, 0, 6]);
  }
});

Deno.test("retryNonFinite() tries once and leaves the rest to the sampler", async () => {
  const { denoiser, calls } = flaky((step) => step === 6 ? NaN : undefined);
  const out = new Float64Array(6);
  await denoiser.predictNoise(new Float64Array(6), steps, out);
  assert.deepEqual(calls, [[4, 5, 6], [6]]);
  assert.ok(Number.isNaN(out[5]));
});

Deno.test("retryNonFinite() calls once when all is finite, denormals and extremes included", async () => {
  const { denoiser, calls } = flaky((step) => step === 4 ? Number.MAX_VALUE : Number.MIN_VALUE);
  await denoiser.predictNoise(new Float64Array(6), steps, new Float64Array(6));
  assert.equal(calls.length, 1);
});

/** Rows of one; step 5 is NaN on the devices that `bad` names. */
function onDevices(bad: readonly string[]) {
  const noted: string[] = [];
  const evaluate = (device: string) => (_: Float64Array, steps: Int32Array, out: Float64Array) => {
    steps.forEach((step, row) => out[row] = step === 5 && bad.includes(device) ? NaN : step);
    at = device;
    return Promise.resolve();
  };
  let at = "";
  const denoiser = retryNonFinite({
    rowSize: 1,
    predictNoise: evaluate("cpu:0"),
    predictAgain: evaluate("cpu:1"),
    deviceOf: () => at,
    noteNonFinite: (_t, message) => noted.push(`${at}: ${message}`),
  });
  return { denoiser, noted };
}

Deno.test("retryNonFinite() uses another device, and records which one failed", async () => {
  const { denoiser, noted } = onDevices(["cpu:0"]);
  const out = new Float64Array(3);
  await denoiser.predictNoise(new Float64Array(3), steps, out);
  assert.deepEqual([...out], [4, 5, 6]);
  assert.deepEqual(noted, ["cpu:0: 1 values of step 5 were not finite"]);
});

Deno.test("retryNonFinite() ends with the step, the count and both devices when the second fails too", async () => {
  const { denoiser } = onDevices(["cpu:0", "cpu:1"]);
  await assert.rejects(denoiser.predictNoise(new Float64Array(3), steps, new Float64Array(3)), {
    name: "NumericalError",
    exitCode: 6,
    message: /noise of step 5 in round 1 has 1 of 1 values .*, from cpu:0 and again from cpu:1$/,
  });
});
