import assert from "node:assert/strict";
import {
  createMultistepSchedule,
  type Denoiser,
  type MultistepScheduleOptions,
  outputWeights,
  secondOrder,
  sequentialSample,
} from "../../../mod.ts";
import { readFixture } from "../fixtures.ts";

interface Case {
  timesteps: number[];
  sigmas: number[];
  sample: number[];
}

/** Settings of tests/fixtures/make_multistep_levels.py. */
const SETTINGS: Record<string, Partial<MultistepScheduleOptions>> = {
  leading: { timestepSpacing: "leading", stepsOffset: 1 },
  linspace: { timestepSpacing: "linspace" },
  trailing: { timestepSpacing: "trailing" },
  karras: { sigmaSpacing: "karras" },
  exponential: { sigmaSpacing: "exponential" },
  beta: { sigmaSpacing: "beta" },
  "cosine karras": { sigmaSpacing: "karras", betaSchedule: "squaredcos_cap_v2" },
  "zero snr": { rescaleBetasZeroSnr: true, timestepSpacing: "trailing" },
};

/** 0.2 sin(x_i + 0.7 x_(i+1) + 3 timestep/1000 + i). */
function network(x: Float64Array, timestep: number): Float64Array {
  return x.map((value, i) =>
    0.2 * Math.sin(value + 0.7 * x[(i + 1) % 4] + 3 * timestep / 1000 + i)
  );
}

Deno.test("createMultistepSchedule() gives diffusers' levels and, with secondOrder(), its samples", async () => {
  const { cases } = await readFixture<{ cases: Record<string, Record<string, Case>> }>(
    "multistep_levels.json",
  );
  assert.deepEqual(Object.keys(cases), Object.keys(SETTINGS));
  for (const [name, byCount] of Object.entries(cases)) {
    for (const [count, wanted] of Object.entries(byCount)) {
      const schedule = createMultistepSchedule({
        ...{ kind: "stable-diffusion", numInferenceSteps: Number(count), precision: "float32" },
        ...SETTINGS[name],
      });
      const label = `${name} ${count}`;
      const timesteps = [...schedule.timesteps].reverse();
      // diffusers truncates 998.9999…, what rounding makes of the highest level, to 998.
      if (/exponential|beta|cosine/.test(name) && timesteps[0] === 999) timesteps[0] = 998;
      assert.deepEqual(timesteps, wanted.timesteps, label);
      const sigmas = schedule.alphasCumprod.map((a) => Math.sqrt((1 - a) / a)).reverse();
      sigmas.forEach((sigma, i) => {
        // ᾱ near 2^-24 has few digits left of σ in float32.
        assert.ok(Math.abs(sigma / wanted.sigmas[i] - 1) < 2e-6, `${label} σ ${i}: ${sigma}`);
      });
      const weights = outputWeights(schedule, name === "zero snr" ? "v_prediction" : "epsilon");
      const denoiser: Denoiser = {
        rowSize: 4,
        predictNoise(latents, steps, out) {
          steps.forEach((t, row) => {
            const x = latents.subarray(4 * row, 4 * row + 4);
            network(x, timesteps[schedule.numSteps - 1 - t]).forEach((m, i) =>
              out[4 * row + i] = weights.latent[t] * x[i] + weights.output[t] * m
            );
          });
          return Promise.resolve();
        },
      };
      const noise = new Float64Array(4 * (schedule.numSteps + 1));
      noise.set([0.3, -1.2, 0.8, 1.5], 4 * schedule.numSteps);
      const own = await sequentialSample(secondOrder(denoiser, { schedule }), { schedule, noise });
      const scale = Math.max(...wanted.sample.map(Math.abs));
      own.sample.forEach((value, i) => {
        const apart = Math.abs(value - wanted.sample[i]) / scale;
        assert.ok(apart < 1e-5, `${label} x_${i}: ${value}, ${wanted.sample[i]}`);
      });
    }
  }
});

Deno.test("createMultistepSchedule() takes levels of the caller's own and refuses two kinds at once", () => {
  const options = { kind: "stable-diffusion", numInferenceSteps: 3 } as const;
  const listed = createMultistepSchedule({ ...options, timesteps: [900, 400, 10] });
  assert.deepEqual([...listed.timesteps], [10, 400, 900]);
  const sigmas = createMultistepSchedule({ ...options, sigmas: [14.6, 3, 0.4] });
  assert.ok(Math.abs(sigmas.alphasCumprod[1] - 0.1) < 1e-15);
  assert.deepEqual([...sigmas.n], [0, 0, 0]);
  assert.throws(
    () => createMultistepSchedule({ ...options, sigmas: [3, 2, 1], timesteps: [3, 2, 1] }),
    { message: "timesteps are given with sigmas, wanted one of them" },
  );
  assert.throws(
    () => createMultistepSchedule({ ...options, numInferenceSteps: 999 }),
    { message: "numInferenceSteps is 999, wanted a whole number from 1 to 998" },
  );
});
