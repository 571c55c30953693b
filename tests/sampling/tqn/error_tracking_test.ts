import assert from "node:assert/strict";
import { createSchedule } from "../../../mod.ts";
import { ErrorTracking } from "../../../src/sampling/tqn/error_tracking.ts";
import { Workspace } from "../../../src/sampling/kernels/workspace.ts";
import { Evaluations } from "../../../src/sampling/tqn/evaluations.ts";

const STEPS = 100, WINDOW = 4, ROW = 2;
/** A step at which an image takes shape. */
const FINISHED = 40;
const schedule = createSchedule({ kind: "dit", numInferenceSteps: STEPS });

/** A run whose lowest finished step has an error, since the input of the one above moved. */
function trackedRun(): ErrorTracking {
  const trajectory = new Float64Array((STEPS + 1) * ROW).fill(1);
  const workspace = new Workspace(7 * WINDOW + 2, ROW);
  const evaluations = new Evaluations(
    { numSteps: STEPS, windowSize: WINDOW, rowSize: ROW, pairs: 2, damping: 0.01 },
    workspace,
  );
  const input = Float64Array.of(0.9, 1.1), epsilon = new Float64Array(ROW);
  evaluations.add(FINISHED + 1, { c: 1, d: 1, n: 0, input, epsilon, xi: input, x: input });
  const tracking = new ErrorTracking({
    ...{ schedule, trajectory, evaluations, noiseRows: undefined },
    ...{ rowSize: ROW, windowSize: WINDOW, variationSteps: FINISHED + 2 },
  }, workspace);
  tracking.advance(FINISHED);
  return tracking;
}

const makeRoom = (...steps: number[]) => [
  ...trackedRun().makeRoom(Int32Array.from(steps), FINISHED),
];

Deno.test("a perturbed input takes the place of the lowest step of a full window", () => {
  assert.deepEqual(makeRoom(36, 37, 38, 39), [37, 38, 39]);
});

Deno.test("a perturbed input takes the place of the highest step if that is finished", () => {
  assert.deepEqual(makeRoom(37, 38, 39, 41), [37, 38, 39]);
});

Deno.test("a perturbed input takes no place of a window that is not full", () => {
  assert.deepEqual(makeRoom(37, 39), [37, 39]);
});
