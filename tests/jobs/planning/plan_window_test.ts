import assert from "node:assert/strict";
import { join } from "node:path";
import {
  type BatchTime,
  bestCall,
  measureBatchTimes,
} from "../../../src/jobs/planning/batch_times.ts";
import { expectedRounds } from "../../../src/jobs/planning/expected_rounds.ts";
import { planTable } from "../../../src/cli/plan_table.ts";
import { planLines, planWindow } from "../../../src/jobs/planning/plan_window.ts";
import { createSchedule } from "../../../mod.ts";
import { resolveSettings } from "../../../src/arguments/resolve_settings.ts";
import { measureOwnTime } from "../../../src/jobs/planning/own_time.ts";
import { type Measured, resolveWindow } from "../../../src/jobs/planning/resolve_window.ts";
import { samplingCommand } from "../../../src/cli/commands/sampling_command.ts";
import { NumericalError, RuntimeLibraryError, UsageError } from "../../../src/errors.ts";
import { outputsOf, readManifest, runQuietly } from "../../support/sampling.ts";
import { withTempFolder } from "../../support/temp_folder.ts";
import { writeTinyDit } from "../../support/tiny_dit.ts";

const { signal } = new AbortController();

/** A denoiser whose calls take `cost(steps)` seconds on its own clock. */
function timed(cost: (steps: number) => number) {
  let now = 0;
  const calls: number[] = [];
  const denoiser = {
    rowSize: 2,
    predictNoise(_latents: Float64Array, steps: Int32Array) {
      calls.push(steps.length);
      now += cost(steps.length);
      return Promise.resolve();
    },
  };
  return { denoiser, calls, clock: () => now };
}

/** Calls of a device, as if measured. */
function curve(cost: (steps: number) => number, sizes = [1, 2, 4, 8, 16, 32, 50]): BatchTime[] {
  return sizes.map((steps) => ({ steps, seconds: cost(steps) }));
}

const { run: dit } = samplingCommand("dit");

Deno.test("measureBatchTimes() measures powers of two and T", async () => {
  const { denoiser, clock } = timed((n) => 0.01 + 0.001 * n);
  const times = await measureBatchTimes(denoiser, { numSteps: 12, signal, clock });
  assert.deepEqual(times.map((time) => time.steps), [1, 2, 4, 8, 12]);
  times.forEach(({ steps, seconds }) => assert.ok(Math.abs(seconds - 0.01 - 0.001 * steps) < 1e-9));
  const one = await measureBatchTimes(denoiser, { numSteps: 1, signal, clock });
  assert.deepEqual(one.map((time) => time.steps), [1]);
});

Deno.test("measureBatchTimes() stays within its budget on a slow device", async () => {
  const { denoiser, calls, clock } = timed((n) => 3 * n);
  const times = await measureBatchTimes(denoiser, { numSteps: 50, signal, clock });
  assert.deepEqual(times, [{ steps: 1, seconds: 3 }, { steps: 2, seconds: 6 }]);
  assert.ok(clock() <= 10, `${clock()} s for ${calls}`);
  const slow = timed(() => 60);
  await measureBatchTimes(slow.denoiser, { numSteps: 50, signal, clock: slow.clock });
  assert.deepEqual(slow.calls, [1]);
});

Deno.test("measureBatchTimes() stops at out of memory, and throws other errors", async () => {
  const { denoiser, clock } = timed(() => 0.01);
  const failing = (most: number, error: Error) => ({
    ...denoiser,
    predictNoise: (x: Float64Array, steps: Int32Array) =>
      steps.length > most ? Promise.reject(error) : denoiser.predictNoise(x, steps),
  });
  const full = new RuntimeLibraryError("out of memory");
  const options = { numSteps: 50, signal, clock };
  const times = await measureBatchTimes(failing(4, full), options);
  assert.deepEqual(times.map((time) => time.steps), [1, 2, 4]);
  await assert.rejects(measureBatchTimes(failing(0, full), options), full);
  const nan = new NumericalError("NaN");
  await assert.rejects(measureBatchTimes(failing(4, nan), options), nan);
});

Deno.test("bestCall() uses one call if large calls are cheap, else several", () => {
  assert.deepEqual(bestCall(curve((n) => 1 + 0.01 * n), 20), { seconds: 1.2, part: 20 });
  const full = bestCall(curve((n) => n <= 8 ? 1 : n), 24); // eight steps for the price of one
  assert.deepEqual(full, { seconds: 3, part: 8 });
  assert.equal(bestCall(curve((n) => n, [1, 2]), 10).seconds, 10);
});

Deno.test("expectedRounds() returns measured rounds, and sequential sampling at window 1", () => {
  for (const method of ["tqn", "parataa", "fixed_point"] as const) {
    for (const numSteps of [3, 25, 70, 100, 1000]) {
      for (const eta of [0, 0.4, 1]) {
        let last = Infinity;
        for (let window = 1; window <= numSteps; window += Math.ceil(numSteps / 40)) {
          const { rounds, nfe } = expectedRounds({ method, eta, numSteps, window });
          const where = `${method} T ${numSteps} eta ${eta} window ${window}: ${rounds} ${nfe}`;
          assert.ok(rounds <= numSteps && rounds >= 1, where);
          // A wider window needs no more rounds, except for noise.
          assert.ok(rounds <= last * 1.2, where);
          assert.ok(nfe >= Math.min(numSteps, rounds * window) && nfe <= rounds * window, where);
          last = rounds;
        }
        const one = expectedRounds({ method, eta, numSteps, window: 1 });
        assert.deepEqual(one, { rounds: numSteps, nfe: numSteps });
      }
    }
  }
  const wide = expectedRounds({ method: "tqn", eta: 0, numSteps: 50, window: 50 });
  assert.deepEqual(wide, { rounds: 11, nfe: 213 });
  assert.deepEqual(
    expectedRounds({ method: "tqn", eta: 0, numSteps: 50, window: 16 }),
    { rounds: 12.8, nfe: 142 },
  );
});

Deno.test("expectedRounds() of tolerance 0 are T, with every step of the window in each", () => {
  for (const method of ["tqn", "parataa", "fixed_point"] as const) {
    const exact = { method, eta: 0, numSteps: 50, exact: true };
    assert.deepEqual(expectedRounds({ ...exact, window: 1 }), { rounds: 50, nfe: 50 });
    // 43 rounds of 8 steps, then 7, 6, … 1.
    assert.deepEqual(expectedRounds({ ...exact, window: 8 }), { rounds: 50, nfe: 43 * 8 + 28 });
    assert.deepEqual(expectedRounds({ ...exact, window: 99 }), { rounds: 50, nfe: 25 * 51 });
  }
  const free = planWindow(curve(() => 0.05), { method: "tqn", eta: 0, numSteps: 50, exact: true });
  assert.equal(free.best.window, 1);
});

Deno.test("planWindow() chooses a wide window if batches are cheap, else window 1", () => {
  const question = { method: "tqn", eta: 0, numSteps: 50 } as const;
  const gpu = planWindow(curve(() => 0.05), question);
  assert.ok(gpu.best.window >= 24, String(gpu.best.window));
  assert.ok(gpu.best.seconds < gpu.sequential.seconds / 3);
  assert.match(planLines(gpu)[0], /rounds expected per sample, 2\.5 s sequentially/);
  const cpu = planWindow(curve((n) => 0.05 * n), question);
  assert.equal(cpu.best.window, 1);
  assert.equal(cpu.best.seconds, cpu.sequential.seconds);
  assert.match(
    planLines(cpu)[1],
    /^sequential sampling is faster here, .*: the next best window, 2, /,
  );
  assert.match(planLines(cpu)[2], /^2 times as many devices would change that: window 2, 1\.8 s$/);
  assert.equal(
    planLines(planWindow([{ steps: 1, seconds: 1 }], { ...question, numSteps: 1 })).length,
    1,
  );
  // Window 2 promises 5 % here: too little to rely on.
  assert.equal(planWindow(curve((n) => n === 1 ? 1 : 0.65 * n), question).best.window, 1);
  assert.equal(planWindow(curve((n) => n === 1 ? 1 : 0.55 * n), question).best.window, 2);
  const table = planTable(cpu).filter((line) => line.endsWith("<- auto"));
  assert.match(table[0], /^ +1 +50\.0 +50 +2\.50 /);
  const parted = planWindow(curve((n) => n <= 8 ? 0.05 : 0.05 * n), question);
  assert.ok(parted.best.window > 1 && parted.best.part <= 8, JSON.stringify(parted.best));
});

Deno.test("planWindow() follows the devices: windows as wide as they are, narrower where the solver is slow", () => {
  // A100s that share the rows: 5.5 ms a call and 4.65 ms a row, two rows a step.
  const on = (devices: number, ownSeconds = 0) => {
    const call = (n: number) => 5.5e-3 + 4.65e-3 * Math.ceil(2 * n / devices);
    const question = { method: "tqn", eta: 0, numSteps: 100, ownSeconds } as const;
    return planWindow(curve(call, [1, 2, 4, 8, 16, 32, 64, 100]), question);
  };
  const windows = [1, 4, 8, 16].map((devices) => on(devices).best.window);
  assert.ok(windows.every((window, i) => i === 0 || window >= windows[i - 1]), windows.join());
  assert.ok(windows[0] <= 2 && windows[2] >= 4 && windows[2] <= 16, windows.join());
  assert.ok(on(8, 2e-3).best.window <= windows[2]);
  const { best } = on(8, 1e-3), free = on(8).windows.find(({ window }) => window === best.window)!;
  assert.ok(Math.abs(best.seconds - free.seconds - 1e-3 * best.nfe) < 1e-9);
});

Deno.test("measureOwnTime() is the time of the fastest round over its steps", async () => {
  const schedule = createSchedule({ kind: "dit", numInferenceSteps: 20 });
  let now = 0;
  const clock = () => now += 2; // one tick before a round, one after
  const question = { method: "tqn", schedule, rowSize: 4, clock } as const;
  assert.equal(await measureOwnTime(question), 0.5); // 2 s for a window of four steps
});

/** Window and batch size for a run on devices of these names. */
function resolvedSizes(names: string[], given: string[]) {
  const { denoiser } = timed(() => 0.01);
  const schedule = createSchedule({ kind: "dit", numInferenceSteps: 20 });
  const notes: string[] = [];
  const taskContext = {
    schedule,
    signal,
    guidanceScale: 4,
    note: (line: string) => notes.push(line),
  };
  const measured = {
    pipeline: { devices: names.map((name) => ({ name })) },
    task: { denoiser: () => Promise.resolve({ ...denoiser, rowsPerStep: 2 }) },
    taskContext,
  } as unknown as Measured;
  const { settings } = resolveSettings({ task: "dit", numInferenceSteps: 20 });
  return resolveWindow(settings, new Set(given), measured);
}

Deno.test("resolveWindow() measures on an accelerator, unless a window is given", async () => {
  assert.equal((await resolvedSizes(["cpu:0"], [])).windowSize, 100);
  assert.equal((await resolvedSizes(["cpu:0", "cpu:1"], [])).windowSize, 100);
  for (const names of [["cuda:0"], ["cuda:0", "cuda:1"]]) {
    assert.ok(Number((await resolvedSizes(names, [])).windowSize) <= 20);
    assert.equal((await resolvedSizes(names, ["windowSize"])).windowSize, 100);
  }
});

Deno.test("runSampling() measures and records an auto window, and reruns without measuring", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const args = ["-m", model, "-o", folder, "--timesteps=8", "--num_samples=1"];
    const run = await runQuietly("dit", [...args, "--window_size=auto"]);
    const { arguments: recorded } = await readManifest(run);
    const window = recorded.window_size;
    assert.ok(Number.isInteger(window) && Number(window) >= 1 && Number(window) <= 8);
    assert.equal(recorded.plan, undefined);
    const again = await runQuietly("dit", ["--args_from", join(run, "manifest.json")]);
    assert.deepEqual((await readManifest(again)).arguments, recorded);
    assert.deepEqual(await outputsOf(again), await outputsOf(run));
    const plain = await runQuietly("dit", [...args, `--window_size=${window}`]);
    assert.deepEqual(await outputsOf(plain), await outputsOf(run));
  }));

Deno.test("runSampling() with --plan prints the curve and the choice and creates no folder", () =>
  withTempFolder(async (folder) => {
    const model = await writeTinyDit(folder);
    const args = ["-m", model, "-o", join(folder, "out"), "--timesteps=8", "--plan"];
    const { log } = console;
    const printed: string[] = [];
    console.log = (line: string) => printed.push(line);
    try {
      assert.equal(await dit(args, signal), undefined);
      assert.equal(await dit([...args, "--json"], signal), undefined);
    } finally {
      console.log = log;
    }
    assert.match(printed[0], /steps\/call.*\n[^]*evaluations[^]*<- auto[^]*auto window: /);
    const plan = JSON.parse(printed[1]);
    assert.equal(plan.event, "plan");
    assert.deepEqual(plan.times.map((time: BatchTime) => time.steps), [1, 2, 4, 8]);
    assert.equal(plan.sequential.rounds, 8);
    await assert.rejects(Deno.stat(join(folder, "out")), Deno.errors.NotFound);
    await assert.rejects(
      dit([...args, "--method=sequential"], signal),
      (error: Error) => error instanceof UsageError && /--plan is not used/.test(error.message),
    );
  }));
