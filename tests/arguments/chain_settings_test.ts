import assert from "node:assert/strict";
import { readScheduler } from "../../src/arguments/chain_settings.ts";
import { resolveSettings } from "../../src/arguments/resolve_settings.ts";
import type { DitSettings } from "../../src/arguments/settings.ts";
import { UsageError } from "../../src/errors.ts";

function resolved(settings: Partial<DitSettings>) {
  return resolveSettings({ task: "dit", ...settings }).settings;
}

function refused(settings: object, message: string, hint?: string): void {
  assert.throws(() => resolved(settings), (error: Error) => {
    assert.ok(error instanceof UsageError, String(error));
    assert.equal(error.message, message);
    if (hint !== undefined) assert.equal(error.hint, hint);
    return true;
  });
}

Deno.test("resolveSettings() takes schedulers by short names and by diffusers' class names", () => {
  assert.equal(readScheduler(resolved({})), undefined);
  assert.equal(readScheduler(resolved({ scheduler: "euler" })), "euler");
  assert.equal(readScheduler(resolved({ scheduler: "DPMSolverMultistepScheduler" })), "dpmpp_2m");
  refused(
    { scheduler: "eulr" },
    'scheduler is "eulr" but takes one of ddim, ddpm, euler, euler_ancestral, dpmpp_2m, flow_euler, ' +
      "or diffusers' class name of one",
    "did you mean euler?",
  );
  refused(
    { scheduler: "LCMScheduler" },
    'scheduler is "LCMScheduler" but takes one of ' +
      "ddim, ddpm, euler, euler_ancestral, dpmpp_2m, flow_euler, or diffusers' class name of one",
  );
});

Deno.test("resolveSettings() gives ddpm all the noise", () => {
  assert.equal(resolved({ scheduler: "ddpm" }).eta, 1);
  assert.equal(resolved({ scheduler: "DDPMScheduler", eta: 1 }).eta, 1);
  assert.equal(resolved({ scheduler: "ddim" }).eta, 0);
  refused({ scheduler: "ddpm", eta: 0.5 }, "eta is 0.5, but scheduler ddpm takes 1");
});

Deno.test("resolveSettings() takes T from a list of levels, which must descend", () => {
  const { numInferenceSteps, sigmas } = resolved({ sigmas: [1, 0.5, 0.25] });
  assert.deepEqual([numInferenceSteps, sigmas], [3, [1, 0.5, 0.25]]);
  // As a record holds them.
  const recorded = ["999", " 400", "0"] as unknown as number[];
  const { timestepsList } = resolved({ timestepsList: recorded, numInferenceSteps: 3 });
  assert.deepEqual(timestepsList, [999, 400, 0]);
  refused(
    { sigmas: [1, 0.5], numInferenceSteps: 3 },
    "numInferenceSteps is 3, but sigmas has 2 levels",
  );
  refused(
    { sigmas: [1, 0.5], timestepsList: [2, 1] },
    "sigmas and timestepsList are given, wanted at most one of them",
  );
  const numbers = "wanted descending numbers above 0 with commas";
  refused({ sigmas: [0.5, 0.9] }, `sigmas has "0.9" after 0.5, ${numbers}`);
  refused({ sigmas: [0.5, 0.5] }, `sigmas has "0.5" after 0.5, ${numbers}`);
  refused({ sigmas: [0.5, 0] }, `sigmas has "0" after 0.5, ${numbers}`);
  refused({ sigmas: ["1", "x"] }, `sigmas has "x", ${numbers}`);
  refused({ sigmas: ["1", ""] }, `sigmas has "", ${numbers}`);
  const whole = "wanted descending whole numbers >= 0 with commas";
  refused({ timestepsList: [7, 2.5] }, `timestepsList has "2.5" after 7, ${whole}`);
  refused({ timestepsList: [7, -1] }, `timestepsList has "-1" after 7, ${whole}`);
});
