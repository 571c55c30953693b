import assert from "node:assert/strict";
import {
  createEulerSchedule,
  createFlowSchedule,
  createMultistepSchedule,
  createSchedule,
  flowShift,
  ModelError,
  UsageError,
} from "../../../mod.ts";
import {
  createModelSchedule,
  type ScheduleRequest,
} from "../../../src/models/schedulers/model_schedule.ts";
import type { SchedulerFile } from "../../../src/models/schedulers/scheduler_file.ts";
import { SCHEDULER_PRESETS } from "../../../src/sampling/schedules/scheduler_config.ts";

const FACTS = { kind: "stable-diffusion", path: "a model" } as const;
const DIFFUSION = {
  config: SCHEDULER_PRESETS["stable-diffusion"],
  sigmaSettings: {},
  predictionType: "epsilon",
  notes: [],
} as const;
const FLOW: SchedulerFile = {
  ...{ steps: "flow_euler", flow: { shift: 3 }, predictionType: "flow", notes: [] },
};

function diffusion(steps: "ddim" | "euler" | "euler_ancestral" | "dpmpp_2m"): SchedulerFile {
  return { ...DIFFUSION, steps };
}

function refused(file: SchedulerFile, request: Partial<ScheduleRequest>, message: string): void {
  const full = { numInferenceSteps: 4, ...request };
  assert.throws(() => createModelSchedule(file, full, FACTS), (error: Error) => {
    assert.ok(error instanceof UsageError, String(error));
    assert.equal(error.message, message);
    return true;
  });
}

Deno.test("createModelSchedule() makes each scheduler's own chain", () => {
  const kind = FACTS.kind, numInferenceSteps = 7;
  const make = (file: SchedulerFile, eta = 0) =>
    createModelSchedule(file, { numInferenceSteps, eta }, FACTS);
  const options = { kind, numInferenceSteps } as const;
  assert.deepEqual(make(diffusion("ddim"), 0.5), {
    ...createSchedule({ ...options, eta: 0.5 }),
    steps: "ddim",
  });
  assert.deepEqual(make(diffusion("euler")), { ...createEulerSchedule(options), steps: "euler" });
  assert.deepEqual(make(diffusion("euler_ancestral")), {
    ...createEulerSchedule({ ...options, ancestral: true }),
    steps: "euler_ancestral",
  });
  assert.deepEqual(make(diffusion("dpmpp_2m")), {
    ...createMultistepSchedule(options),
    steps: "dpmpp_2m",
  });
  assert.deepEqual(make(FLOW), {
    ...createFlowSchedule({ numInferenceSteps, shift: 3 }),
    steps: "flow_euler",
  });
});

Deno.test("createModelSchedule() shifts a flow by the size of the image, from the pipeline's levels", () => {
  const dynamicShift = { baseShift: 0.4 };
  const facts = { ...FACTS, imageSeqLen: 1024, flowSpacing: "pipeline" } as const;
  const file: SchedulerFile = { ...FLOW, flow: {}, dynamicShift };
  const { sigma } = createModelSchedule(file, { numInferenceSteps: 5 }, facts);
  const mu = flowShift(1024, dynamicShift);
  assert.deepEqual(
    sigma,
    createFlowSchedule({ numInferenceSteps: 5, mu, spacing: "pipeline" }).sigma,
  );
});

Deno.test("createModelSchedule() takes the caller's levels in place of the file's spacing", () => {
  const karras: SchedulerFile = {
    ...DIFFUSION,
    steps: "euler",
    sigmaSettings: { sigmaSpacing: "karras" },
  };
  const sigmas = [14, 3, 1, 0.2];
  const own = createModelSchedule(karras, { numInferenceSteps: 4, sigmas }, FACTS);
  assert.deepEqual([...own.sigma], sigmas.toReversed());
  const timestepsList = [900, 500, 100, 1];
  const listed = createModelSchedule(
    diffusion("ddim"),
    { numInferenceSteps: 4, timestepsList },
    FACTS,
  );
  assert.deepEqual([...listed.timesteps], timestepsList.toReversed());
  refused(
    karras,
    { timestepsList },
    "timestepsList cannot be sampled: timesteps are given with sigmaSpacing karras, wanted one of them",
  );
});

Deno.test("createModelSchedule() refuses levels and eta that the scheduler does not take", () => {
  refused(
    diffusion("ddim"),
    { sigmas: [3, 2, 1, 0.5] },
    "sigmas is not used by scheduler ddim, which takes timestepsList",
  );
  refused(
    FLOW,
    { timestepsList: [4, 3, 2, 1] },
    "timestepsList is not used by scheduler flow_euler, which takes sigmas",
  );
  refused(
    FLOW,
    { sigmas: [1.5, 1, 0.5, 0.2] },
    "sigmas cannot be sampled: sigmas[0] is 1.5, wanted a number above 0 and at most 1",
  );
  refused(
    diffusion("ddim"),
    { timestepsList: [1000, 3, 2, 1] },
    "timestepsList cannot be sampled: timesteps[0] is 1000, wanted a whole number from 3 to 999",
  );
  refused(diffusion("euler"), { eta: 1 }, "eta is 1, but scheduler euler takes 0");
  assert.throws(
    () => createModelSchedule(diffusion("dpmpp_2m"), { numInferenceSteps: 999 }, FACTS),
    (error: Error) => error instanceof ModelError && /no schedule of 999 steps/.test(error.message),
  );
});
