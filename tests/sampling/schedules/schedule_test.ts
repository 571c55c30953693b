import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createSchedule, type ScheduleOptions } from "../../../mod.ts";
import { alphasCumprod } from "../../../src/sampling/schedules/alphas_cumprod.ts";
import { SCHEDULER_PRESETS } from "../../../src/sampling/schedules/scheduler_config.ts";
import { float32s, readFixture } from "../fixtures.ts";

interface Schedules {
  scaled_linear: string;
  linear: string;
  respaced_sha256: string;
  respaced_25: number[];
  respaced_75: number[];
}

const fixture = await readFixture<Schedules>("schedules.json");
const dit = (numInferenceSteps: number) => createSchedule({ kind: "dit", numInferenceSteps });
const sd = (o: Partial<ScheduleOptions>) =>
  createSchedule({ kind: "stable-diffusion", numInferenceSteps: 50, ...o });

for (
  const [kind, betas] of [["stable-diffusion", "scaled_linear"], ["dit", "linear"]] as const
) {
  Deno.test(`alphasCumprod() in float32 equals torch's 1,000 entries, ${betas}`, () => {
    const ours = alphasCumprod(SCHEDULER_PRESETS[kind], "float32");
    assert.deepEqual(Float32Array.from(ours), float32s(fixture[betas]));
    assert.deepEqual(ours, Float64Array.from(Float32Array.from(ours)));
  });
}

Deno.test("createSchedule() respaces DiT's levels as Python does for every T", () => {
  assert.deepEqual([...dit(25).timesteps], fixture.respaced_25);
  assert.deepEqual([...dit(75).timesteps], fixture.respaced_75);
  const hash = createHash("sha256");
  for (let count = 1; count <= 1000; count++) hash.update(dit(count).timesteps.join(",") + "\n");
  assert.equal(hash.digest("hex"), fixture.respaced_sha256);
});

Deno.test("createSchedule() takes Stable Diffusion's leading levels, the last step to level 0", () => {
  const schedule = sd({});
  assert.deepEqual([...schedule.timesteps], Array.from({ length: 50 }, (_, t) => 20 * t + 1));
  const levels = alphasCumprod(SCHEDULER_PRESETS["stable-diffusion"], "float64");
  assert.equal(schedule.alphasCumprodPrev[0], levels[0]);
  assert.equal(schedule.alphasCumprodPrev[7], levels[121]);
  assert.equal(sd({ setAlphaToOne: true }).alphasCumprodPrev[0], 1);
  assert.equal(dit(20).alphasCumprodPrev[0], 1);
});

Deno.test("createSchedule() moves a latent of known x_0 and noise to the next level", () => {
  for (const kind of ["dit", "stable-diffusion"] as const) {
    for (const eta of [0, 0.3, 1]) {
      const { alphasCumprod: a, alphasCumprodPrev: prev, ...s } = createSchedule({
        kind,
        numInferenceSteps: 100,
        eta,
      });
      for (let t = 0; t < 100; t++) {
        const [x0, noise] = [1.5, -0.7];
        const moved = s.c[t] * (Math.sqrt(a[t]) * x0 + Math.sqrt(1 - a[t]) * noise) +
          s.d[t] * noise;
        const kept = Math.sqrt(Math.max(1 - prev[t] - s.n[t] ** 2, 0));
        assert.ok(Math.abs(moved - (Math.sqrt(prev[t]) * x0 + kept * noise)) < 1e-12);
        assert.equal(s.n[t], t === 0 ? 0 : eta * s.noiseScale[t]);
      }
    }
  }
});

Deno.test("createSchedule() names the value met and the values wanted", () => {
  const cases: [Partial<ScheduleOptions>, RegExp][] = [
    [{ numInferenceSteps: 0 }, /numInferenceSteps is 0, wanted a whole number from 1 to 999/],
    [{ numInferenceSteps: 1000 }, /numInferenceSteps is 1000, wanted a whole number from 1 to 999/],
    [{ kind: "dit", numInferenceSteps: 1001 }, /numInferenceSteps is 1001, wanted .* 1 to 1000/],
    [{ numInferenceSteps: 2.5 }, /numInferenceSteps is 2.5/],
    [{ eta: 1.5 }, /eta is 1.5, wanted a finite number from 0 to 1/],
    [{ eta: NaN }, /eta is NaN/],
    [{ betaStart: 0 }, /betaStart is 0/],
    [{ trainedBetas: [0.1] }, /trainedBetas has 1 entries, wanted 1000, the numTrainTimesteps/],
    [
      { trainedBetas: Array(1000).fill(1) },
      /trainedBetas\[0\] is 1, wanted a finite number from 0/,
    ],
    [{ trainedBetas: Array(1000).fill(0) }, /trainedBetas take alphasCumprod from 1 to 1/],
    [
      { betaSchedule: "laplace" as "linear" },
      /betaSchedule is laplace, wanted linear or scaled_linear/,
    ],
    [{ numInferenceSteps: 2, timesteps: [9, 9] }, /timesteps\[1\] is 9, wanted .* from 0 to 8/],
    [
      { numInferenceSteps: 2, timesteps: [1000, 1] },
      /timesteps\[0\] is 1000, wanted .* from 1 to 999/,
    ],
    [
      { numInferenceSteps: 3, timesteps: [9, 1] },
      /timesteps has 2 entries, wanted 3, one per step/,
    ],
    [{ betaEnd: 1e-9 }, /betaEnd is 1e-9, wanted a finite number from 0.00085/],
    [{ numInferenceSteps: 10, stepsOffset: 200 }, /reach training level 1100, wanted below 1000/],
    [{ kind: "sdxl" as "dit" }, /kind is sdxl, wanted dit or stable-diffusion/],
    [{ precision: "float16" as "float32" }, /precision is float16, wanted float64 or float32/],
  ];
  for (const [options, message] of cases) {
    assert.throws(() => sd(options), { name: "RangeError", message });
  }
});

Deno.test("createSchedule() accepts the longest runs", () => {
  assert.equal(dit(1000).timesteps[999], 999);
  assert.equal(sd({ numInferenceSteps: 999 }).timesteps[998], 999);
  assert.deepEqual([...dit(1).timesteps], [0]);
  assert.ok(dit(1).d.every(Number.isFinite));
});

Deno.test("createSchedule() without a last signal steps from pure noise by x − D, and else as DDIM", () => {
  for (const eta of [0, 0.5]) {
    const rescaled = { rescaleBetasZeroSnr: true, timestepSpacing: "trailing", eta } as const;
    const { signal, sigma, clean, c, d, n, alphasCumprodPrev: prev } = sd(rescaled);
    assert.deepEqual([signal[49], sigma[49], clean[49]], [0, 1, 1]);
    assert.deepEqual(clean.slice(0, 49), signal.slice(0, 49));
    const x0 = 1.5, noise = -0.7, kept = Math.sqrt(1 - prev[49] - n[49] ** 2);
    const moved = c[49] * noise + d[49] * (noise - x0);
    assert.ok(Math.abs(moved - (Math.sqrt(prev[49]) * x0 + kept * noise)) < 1e-12);
  }
});

Deno.test("createSchedule() takes training levels of the caller's, and steps between them", () => {
  const spaced = dit(20), own = [...spaced.timesteps].reverse();
  assert.deepEqual(createSchedule({ kind: "dit", numInferenceSteps: 20, timesteps: own }), spaced);
});
