import assert from "node:assert/strict";
import { createEulerSchedule, createSchedule, drawNoise, TorchGenerator } from "../../../mod.ts";

Deno.test("drawNoise() scales x_T alone, and leaves DDIM's noise as it is", () => {
  const model = { kind: "stable-diffusion", numInferenceSteps: 3 } as const;
  const drawn = new TorchGenerator(7).randn(4 * 5);
  const draw = (schedule: ReturnType<typeof createSchedule>) =>
    drawNoise({ schedule, generator: new TorchGenerator(7), rowSize: 5 });
  assert.deepEqual(draw(createSchedule(model)), drawn);
  const schedule = createEulerSchedule(model), noise = draw(schedule);
  assert.deepEqual(noise.slice(0, 15), drawn.slice(0, 15));
  assert.deepEqual(noise.slice(15), drawn.slice(15).map((x) => schedule.initialScale * x));
  assert.ok(schedule.initialScale > 1);
});
