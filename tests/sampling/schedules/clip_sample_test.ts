/** Chains against diffusers are in scheduler_parity_test.ts. */
import assert from "node:assert/strict";
import { type ClipOptions, clipSample, createSchedule, type Denoiser } from "../../../mod.ts";

const schedule = createSchedule({ kind: "dit", numInferenceSteps: 4 });
const noise = (t: number) => 0.3 + t / 10;

/** Says that the sample is `values`, whatever x is. */
function saying(values: number[]): Denoiser {
  return {
    rowSize: values.length,
    predictNoise(latents, steps, out) {
      steps.forEach((t, r) =>
        values.forEach((value, i) => {
          const k = r * values.length + i;
          out[k] = (latents[k] - schedule.signal[t] * value) / schedule.sigma[t];
        })
      );
      return Promise.resolve();
    },
  };
}

/**
 * The samples that the clipped predictions imply at steps 1 and 3, and what the steps make of them.
 */
async function clipped(values: number[], options: Omit<ClipOptions, "schedule">) {
  const steps = Int32Array.of(1, 3), size = values.length;
  const latents = Float64Array.from({ length: 2 * size }, (_, k) => {
    const t = steps[Math.floor(k / size)];
    return schedule.signal[t] * values[k % size] + schedule.sigma[t] * noise(t);
  });
  const out = new Float64Array(2 * size);
  await clipSample(saying(values), { schedule, ...options }).predictNoise(latents, steps, out);
  const at = (k: number) => steps[Math.floor(k / size)];
  return {
    samples: latents.map((x, k) => (x - schedule.sigma[at(k)] * out[k]) / schedule.signal[at(k)]),
    next: latents.map((x, k) => schedule.c[at(k)] * x + schedule.d[at(k)] * out[k]),
  };
}

function near(values: ArrayLike<number>, wanted: number[]): void {
  assert.equal(values.length, wanted.length);
  wanted.forEach((value, i) => assert.ok(Math.abs(values[i] - value) < 1e-12, `${values[i]}`));
}

Deno.test("clipSample() makes the noise follow the clipped sample", async () => {
  near((await clipped([3, -0.5, -3], {})).samples, [1, -0.5, -1, 1, -0.5, -1]);
  const { samples } = await clipped([3, -0.5, -3], { clipSampleRange: 2 });
  near(samples, [2, -0.5, -2, 2, -0.5, -2]);
});

Deno.test("clipSample() with keepNoise leaves the noise as it was predicted", async () => {
  const { next } = await clipped([3, -0.5], { keepNoise: true });
  const wanted = [1, 3].flatMap((t) =>
    [1, -0.5].map((value) => {
      const a = schedule.alphasCumprodPrev[t];
      return Math.sqrt(a) * value + Math.sqrt(1 - a) * noise(t);
    })
  );
  near(next, wanted);
});

Deno.test("clipSample() with thresholding clips to a quantile of the values and divides by it", async () => {
  // The median of 1, 2, 3, 4 is 2.5, below a greatest value of 3 and not one of 2.
  const values = [1, -2, 3, -4], twice = (row: number[]) => [...row, ...row];
  const half = await clipped(values, { thresholding: { ratio: 0.5, sampleMaxValue: 3 } });
  near(half.samples, twice([0.4, -0.8, 1, -1]));
  const limited = await clipped(values, { thresholding: { ratio: 0.5, sampleMaxValue: 2 } });
  near(limited.samples, twice([0.5, -1, 1, -1]));
  near((await clipped([0.1, 0.2], { thresholding: {} })).samples, twice([0.1, 0.2]));
});

Deno.test("clipSample() refuses options by name", () => {
  const cases: [Omit<ClipOptions, "schedule">, RegExp][] = [
    [{ clipSampleRange: 0 }, /clipSampleRange is 0, wanted/],
    [{ clipSampleRange: 2, thresholding: {} }, /clipSampleRange is 2 with thresholding/],
    [{ thresholding: { ratio: 2 } }, /thresholding.ratio is 2, wanted/],
    [{ thresholding: { sampleMaxValue: 0.5 } }, /thresholding.sampleMaxValue is 0.5, wanted/],
  ];
  for (const [options, message] of cases) {
    const make = () => clipSample(saying([1]), { schedule, ...options });
    assert.throws(make, { name: "RangeError", message });
  }
});
