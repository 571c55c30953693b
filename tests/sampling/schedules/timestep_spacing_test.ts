/** Levels of diffusers 0.42.1, made by tests/fixtures/make_timestep_spacing.py. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createSchedule } from "../../../src/sampling/schedules/schedule.ts";
import { readFixture } from "../fixtures.ts";

const SPACINGS = ["leading", "trailing", "linspace"] as const;

interface Fixture {
  levels: Record<typeof SPACINGS[number], Record<string, number[]>>;
  sha256: Record<typeof SPACINGS[number], string>;
}

const fixture = await readFixture<Fixture>("timestep_spacing.json");

function levels(timestepSpacing: typeof SPACINGS[number], numInferenceSteps: number): number[] {
  const schedule = createSchedule({ kind: "stable-diffusion", numInferenceSteps, timestepSpacing });
  return [...schedule.timesteps];
}

for (const spacing of SPACINGS) {
  Deno.test(`createSchedule() spaces ${spacing} as diffusers' DDIMScheduler for every T`, () => {
    for (const [count, wanted] of Object.entries(fixture.levels[spacing])) {
      assert.deepEqual(levels(spacing, Number(count)), wanted, `T = ${count}`);
    }
    const hash = createHash("sha256");
    for (let count = 1; count <= 1000; count++) {
      // 1,000 leading steps from level 1 on would end at level 1000, which was not trained.
      const beyond = spacing === "leading" && count === 1000;
      const line = beyond ? Array.from({ length: 999 }, (_, i) => i + 1) : levels(spacing, count);
      hash.update(line.join(",") + "\n");
    }
    assert.equal(hash.digest("hex"), fixture.sha256[spacing]);
  });
}

Deno.test("createSchedule() leaves stepsOffset to leading spacing, and steps of trailing and linspace finite", () => {
  assert.deepEqual(levels("trailing", 10), [99, 199, 299, 399, 499, 599, 699, 799, 899, 999]);
  for (const spacing of ["trailing", "linspace"] as const) {
    for (const setAlphaToOne of [true, false]) {
      const { c, d, n, noiseScale } = createSchedule({
        kind: "stable-diffusion",
        numInferenceSteps: 1000,
        timestepSpacing: spacing,
        stepsOffset: 7,
        setAlphaToOne,
        eta: 1,
      });
      for (const values of [c, d, n, noiseScale]) assert.ok(values.every(Number.isFinite));
    }
  }
});

Deno.test("createSchedule() refuses betas that leave no signal at the last level or no noise at the first", () => {
  const make = (betaStart: number, betaEnd: number) => () =>
    createSchedule({ kind: "dit", numInferenceSteps: 10, betaStart, betaEnd });
  assert.throws(make(0.9, 0.99), {
    name: "RangeError",
    message: /betaStart 0\.9 and betaEnd 0\.99 take alphasCumprod .* to 0 over 1000 levels/,
  });
  assert.throws(make(1e-300, 0.02), { name: "RangeError", message: /betaStart 1e-300 .* from 1 / });
});
