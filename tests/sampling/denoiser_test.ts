import assert from "node:assert/strict";
import { createSchedule, type Denoiser, sequentialSample, solve } from "../../mod.ts";

const made = createSchedule({ kind: "dit", numInferenceSteps: 20 });
const denoiser: Denoiser = {
  rowSize: 1,
  schedule: made,
  predictNoise: (latents, _steps, out) => Promise.resolve(out.set(latents)),
};
const OTHER = {
  "another number of steps": [
    createSchedule({ kind: "dit", numInferenceSteps: 10 }),
    /made for 20 steps, the sampler's schedule has 10: pass the same schedule to the denoiser/,
  ],
  "another spacing": [
    createSchedule({ kind: "dit", numInferenceSteps: 20, timestepSpacing: "leading" }),
    /made for timestep 53 .* at step 1, the sampler's schedule has 50 .*: pass the same schedule/,
  ],
  "other levels": [
    createSchedule({ kind: "dit", numInferenceSteps: 20, betaEnd: 0.01 }),
    /made for timestep 53 \(alphas_cumprod 0\.\d+\) at step 1, .* has 53 \(0\.\d+\)/,
  ],
} as const;

for (const [what, [schedule, message]] of Object.entries(OTHER)) {
  Deno.test(`samplers refuse a denoiser that was made for ${what}`, async () => {
    const options = { schedule, noise: new Float64Array(schedule.numSteps + 1) };
    for (const sample of [solve, sequentialSample]) {
      await assert.rejects(sample(denoiser, options), (error: Error) => {
        assert.ok(error instanceof RangeError);
        assert.match(error.message, message);
        return true;
      });
    }
  });
}

Deno.test("samplers take a denoiser that was made with another eta or an equal schedule", async () => {
  for (const eta of [0, 1]) {
    const schedule = createSchedule({ kind: "dit", numInferenceSteps: 20, eta });
    const { nfe } = await sequentialSample(denoiser, { schedule, noise: new Float64Array(21) });
    assert.equal(nfe, 20);
  }
});
